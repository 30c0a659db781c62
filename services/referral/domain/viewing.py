"""Who may see what: referrers their own referrals, clinic staff those of their clinics."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from chassis.refusal import Denied, NotFound
from services.referral.domain.referral import Person, Referral, Status

_STAFF = frozenset(
    {"coordinator", "prescriber", "nurse", "medical_director", "cashier", "operator"}
)


class Search(NamedTuple):
    """Which referrals a list is asked for, newest first."""

    status: Status | None
    clinic_id: UUID | None
    before: UUID


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whoever asks."""

    roles: frozenset[str]
    npi: str | None
    scope: frozenset[UUID] | None
    """The clinics in the token; None for the whole network."""

    @property
    def own_npi(self) -> str | None:
        """The number a referrer refers under; nothing for anybody else."""
        return self.npi if "referrer" in self.roles else None

    @property
    def clinics(self) -> frozenset[UUID] | None:
        """The clinics whose referrals are seen; None for all. A referrer's scope is not one."""
        return self.scope if self.roles & _STAFF else frozenset()

    @property
    def minds_the_pool(self) -> bool:
        """Coordinators route what could not be routed, so their lists show it."""
        return "coordinator" in self.roles

    @property
    def patients_at(self) -> frozenset[UUID] | None:
        """The clinics whose patients may be named; None for all. Services render documents."""
        return None if "service" in self.roles else self.clinics

    def serves(self, clinic_id: UUID | None) -> bool:
        """Whether the clinic is one of the caller's; no clinic yet is within the whole network."""
        clinics = self.clinics
        return clinics is None or clinic_id in clinics

    def may_see(self, referral: Referral) -> bool:
        """A referral not yet routed belongs to the clinic that was asked for."""
        if self.own_npi is not None and self.own_npi == referral.referrer.npi:
            return True
        return self.serves(referral.progress.clinic_id or referral.preferred_clinic_id)

    def must_see(self, referral: Referral | None) -> Referral:
        """What may not be seen does not exist."""
        if referral is None or not self.may_see(referral):
            raise NotFound("REFERRAL_NOT_FOUND", "No such referral.")
        return referral

    def must_route(self, referral: Referral | None, clinic_id: UUID) -> Referral:
        """To a clinic of the caller's, whatever waits in the pool or is seen anyway."""
        if not self.serves(clinic_id):
            raise NotFound("CLINIC_NOT_FOUND", "No clinic has this id.")
        if referral and referral.progress.clinic_id is None:
            return referral
        return self.must_see(referral)

    def must_refer_under(self, npi: str) -> None:
        """A referrer refers in no other name; a coordinator enters what arrives on paper."""
        if "coordinator" not in self.roles and npi != self.own_npi:
            raise Denied("NPI_MISMATCH", "You may refer only under the NPI in your token.")


def must_exist(person: Person | None) -> Person:
    """A patient of other clinics does not exist, as far as the caller may know."""
    if person is None:
        raise NotFound("PATIENT_NOT_FOUND", "No such patient.")
    return person
