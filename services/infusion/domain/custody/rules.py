"""What the law and the drug list say, as data; and the moments that follow from it."""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from chassis.refusal import NotAllowed

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Drug:
    """One finished form of one substance, by National Drug Code."""

    ndc: str
    substance: str
    form: str
    schedule: str
    strength: Decimal
    """Milligrams in a millilitre."""
    capacity: Decimal
    """Milligrams in a sealed container."""

    @property
    def title(self) -> str:
        """Substance and finished form."""
        return f"{self.substance}, {self.form}"


@dataclass(frozen=True, slots=True)
class Rules:
    """One version of the custody pack."""

    name: str
    version: int
    incident_business_days: int
    inventory_months: int
    inventory_warning_days: int
    witness_minutes: int
    retention_years: int
    holidays: frozenset[date]
    drugs: Mapping[str, Drug]

    @property
    def title(self) -> str:
        """How a record says which rules it was made under."""
        return f"{self.name}@{self.version}"

    def drug(self, ndc: str) -> Drug:
        """What is known of a code."""
        if ndc in self.drugs:
            return self.drugs[ndc]
        raise NotAllowed("DRUG_NOT_LISTED", "The drug list has no such NDC.", {"ndc": ndc})


def incident_deadline(rules: Rules, found: datetime, zone: str) -> datetime:
    """The end of the last business day within which a difference must be explained."""
    day = found.astimezone(ZoneInfo(zone)).date()
    left = rules.incident_business_days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < _SATURDAY and day not in rules.holidays
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))


def next_inventory(rules: Rules, last: date) -> date:
    """The day by which the next one is taken: the same day, or the last of a shorter month."""
    months = last.year * 12 + last.month - 1 + rules.inventory_months
    year, month = divmod(months, 12)
    days = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(last.day, days))
