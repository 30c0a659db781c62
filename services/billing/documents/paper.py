"""What a superbill's document is made of; identifiers come with the request and are not kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from services.billing.documents.received import Received
from services.billing.domain import Addressee, Money, Payer, Profile, Referrer, Superbill


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One date of service, or a whole series."""

    invoice_id: UUID
    profile: Profile
    patient: Addressee
    referrer: Referrer
    bills: Sequence[Superbill]
    issue_time: datetime
    payer: Payer | None = None
    received: Sequence[Received] = ()
    """The money that came for the series."""

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's clock."""
        return ZoneInfo(self.profile.time_zone)

    @property
    def issue_day(self) -> date:
        """The day it was made, by the clinic's calendar."""
        return self.issue_time.astimezone(self.zone).date()

    def service_day(self, bill: Superbill) -> date:
        """The date of service, by the clinic's calendar."""
        return bill.service_time.astimezone(self.zone).date()

    @property
    def charge(self) -> Money:
        """The sum of the lines."""
        return self._sum([line.minor_units for bill in self.bills for line in bill.lines])

    @property
    def paid(self) -> Money:
        """What was paid for these sessions, less what went back."""
        return self._sum([bill.paid for bill in self.bills])

    @property
    def balance(self) -> Money:
        """What is left to pay."""
        return self._sum([self.charge.minor_units, -self.paid.minor_units])

    @property
    def conditions(self) -> tuple[str, ...]:
        """What was treated, each once; lines point to them by their place."""
        return tuple(dict.fromkeys(bill.diagnosis for bill in self.bills if bill.diagnosis))

    def _sum(self, parts: Sequence[int]) -> Money:
        return Money(sum(parts), self.bills[0].amount.currency_code)


def decimal(minor_units: int) -> str:
    """An amount as claims write it: exact, two places."""
    whole, cents = divmod(abs(minor_units), 100)
    return f"{'-' if minor_units < 0 else ''}{whole}.{cents:02}"
