"""A protocol is published once, version after version, by those whose name it is."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from chassis.refusal import AlreadyExists, NotAllowed, NotFound


@dataclass(frozen=True, slots=True)
class Publication:
    """A protocol as published: its text, for whom, by whom and when."""

    name: str
    version: int
    effective_date: date
    content: str
    clinic_id: UUID | None = None
    """The only clinic that may choose it; None for any."""
    published_by: str = ""
    publish_time: datetime | None = None
    """None for a protocol that comes with the platform."""

    @property
    def label(self) -> str:
        """Name and version, as a session carries them."""
        return f"{self.name}@{self.version}"


def publish(wanted: Publication, latest: Publication | None, same: Publication | None) -> bool:
    """Whether there is something to keep; the same text again is the same publication."""
    if same and (same.content, same.clinic_id) == (wanted.content, wanted.clinic_id):
        return False
    theirs = latest and (latest.publish_time is None or latest.clinic_id != wanted.clinic_id)
    if same or theirs:
        raise AlreadyExists("PROTOCOL_TAKEN", "This name or version of a protocol is taken.")
    due = latest.version + 1 if latest else 1
    if wanted.version != due:
        following = {"next_version": str(due)}
        raise NotAllowed("PROTOCOL_OUT_OF_ORDER", "Versions follow each other.", following)
    return True


def choose(found: Publication | None, clinic_id: UUID, today: date) -> Publication:
    """The protocol, if this clinic may choose it today."""
    if found is None or found.clinic_id not in (None, clinic_id):
        raise NotFound("PROTOCOL_NOT_FOUND", "There is no such protocol.")
    if today < found.effective_date:
        raise NotAllowed("PROTOCOL_NOT_EFFECTIVE", "The protocol may be chosen only later.")
    return found
