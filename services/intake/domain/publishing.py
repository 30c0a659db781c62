"""A pack is published once, version after version, by those whose name it is."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chassis.refusal import AlreadyExists, NotAllowed, NotFound
from services.intake.domain.pack import Pack


@dataclass(frozen=True, slots=True)
class Publication:
    """A pack as published: its text, for whom, by whom and when."""

    name: str
    version: int
    effective_date: date
    content: str
    clinic_id: UUID | None
    """The only clinic that may choose it; None for any."""
    published_by: str
    publish_time: datetime | None
    """None for a pack that comes with the platform."""

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.name}@{self.version}"

    def serves(self, clinic_id: UUID) -> bool:
        """Whether the clinic may choose it."""
        return self.clinic_id in (None, clinic_id)


def publish(wanted: Publication, latest: Publication | None, same: Publication | None) -> bool:
    """Whether there is something to keep; the same text again is the same publication."""
    if same and (same.content, same.clinic_id) == (wanted.content, wanted.clinic_id):
        return False
    if same or (latest and latest.clinic_id != wanted.clinic_id) or _is_ours(latest):
        raise AlreadyExists("PACK_TAKEN", "This name or version of a pack is taken.")
    due = latest.version + 1 if latest else 1
    if wanted.version != due:
        raise NotAllowed(
            "PACK_OUT_OF_ORDER", "Versions follow each other.", {"next_version": str(due)}
        )
    return True


def choose(pack: Pack | None, found: Publication | None, clinic_id: UUID, today: date) -> Pack:
    """The pack, if this clinic may choose it today."""
    if pack is None or found is None or not found.serves(clinic_id):
        raise NotFound("PACK_NOT_FOUND", "There is no such pack.")
    if today < pack.effective_date:
        raise NotAllowed("PACK_NOT_EFFECTIVE", "The pack may be chosen only later.")
    return pack


def _is_ours(latest: Publication | None) -> bool:
    return latest is not None and latest.publish_time is None
