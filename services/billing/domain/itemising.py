"""A session's charge as the lines of a claim: few codes, drug with its NDC, and an exact sum."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from chassis.refusal import Invalid, Violation
from services.billing.domain.money import Money
from services.billing.domain.pricing import Term


class PatientKind(StrEnum):
    """Whether the doctor has seen the patient in the last three years."""

    NEW = "new"
    ESTABLISHED = "established"


@dataclass(frozen=True, slots=True)
class Visit:
    """A doctor's visit on the day of the infusion and apart from it."""

    kind: PatientKind
    minutes: int


@dataclass(frozen=True, slots=True)
class Drug:
    """What was given, as claims name it."""

    code: str
    ndc: str
    words: str
    micrograms_per_millilitre: int

    def millilitres(self, micrograms: int) -> Decimal:
        """The volume of a dose, to the hundredth, as syringes are read."""
        exact = Decimal(micrograms) / Decimal(self.micrograms_per_millilitre)
        return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTable:
    """One version of how charges are told."""

    name: str
    version: int
    term: Term
    shares: Mapping[str, int]
    words: Mapping[str, str]
    visit_modifier: str
    visits: Mapping[PatientKind, tuple[tuple[str, int], ...]]
    """Codes with the least minutes that reach them, rising."""
    drug: Drug

    @property
    def label(self) -> str:
        """Name and version, as receipts record it."""
        return f"{self.name}/{self.version}"

    def visit_code(self, visit: Visit) -> str:
        """The code of the longest visit that was reached."""
        reached = [code for code, least in self.visits[visit.kind] if visit.minutes >= least]
        if not reached:
            least = self.visits[visit.kind][0][1]
            fault = Violation("visit.minutes", f"must be at least {least}")
            raise Invalid("INVALID_VISIT", "So short a visit has no code.", (fault,))
        return reached[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One line of a superbill."""

    code: str
    modifiers: tuple[str, ...] = ()
    words: str
    units: int = 1
    minor_units: int
    ndc: str = ""
    millilitres: str = ""
    """Volume of the drug, exact decimal; empty on other lines."""


def itemise(
    codes: Sequence[str], micrograms: int, visit: Visit | None, amount: Money, table: ClaimTable
) -> tuple[BillLine, ...]:
    """The lines of a session; their sum is the amount."""
    units = Counter(codes)
    shares = {code: table.shares.get(code, 0) * count for code, count in units.items()}
    visit_code = table.visit_code(visit) if visit else ""
    if visit_code:
        shares = {visit_code: table.shares["visit"], **shares}
        units[visit_code] = 1
    charges = _divide(amount.minor_units, shares)
    return tuple(
        [
            _line(code, units[code], charges[code], table, micrograms, visit=code == visit_code)
            for code in shares
        ]
    )


def _divide(amount: int, shares: Mapping[str, int]) -> Mapping[str, int]:
    """By weight, rounded down; the first line takes what is left."""
    whole = sum(shares.values()) or 1
    parts = {code: amount * share // whole for code, share in shares.items()}
    first = next(iter(parts), None)
    if first is not None:
        parts[first] += amount - sum(parts.values())
    return parts


def _line(  # noqa: PLR0913
    code: str, units: int, charge: int, table: ClaimTable, micrograms: int, *, visit: bool
) -> BillLine:
    drug = table.drug if code == table.drug.code else None
    return BillLine(
        code=code,
        modifiers=(table.visit_modifier,) if visit else (),
        words=table.words[code],
        units=units,
        minor_units=charge,
        ndc=drug.ndc if drug else "",
        millilitres=str(drug.millilitres(micrograms)) if drug else "",
    )
