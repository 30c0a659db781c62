"""Amounts of a drug: exact decimals; milligrams and millilitres agree by the concentration."""

from dataclasses import dataclass
from decimal import Decimal, Inexact, localcontext

from chassis.refusal import Invalid, Violation

ZERO = Decimal(0)
_MICROGRAM = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Told:
    """An amount as a caller told it: in milligrams, in millilitres, or in both."""

    milligrams: Decimal | None
    millilitres: Decimal | None
    place: str = "amount"


def millilitres(milligrams: Decimal, strength: Decimal) -> Decimal:
    """The exact volume; the drug list admits no concentration that does not divide so."""
    with localcontext() as context:
        context.traps[Inexact] = True
        return plain(milligrams / strength)


def milligrams(told: Told, strength: Decimal) -> Decimal:
    """What was told, if it is exact, above zero, and both ways of telling it agree."""
    amount = told.milligrams
    if told.millilitres is not None:
        by_volume = told.millilitres * strength
        if amount is not None and amount != by_volume:
            raise _wrong(told, "milligrams and millilitres must agree by the concentration")
        amount = by_volume
    if amount is None:
        raise _wrong(told, "milligrams or millilitres must be told")
    if amount % _MICROGRAM:
        raise _wrong(told, "must not be finer than a microgram")
    return plain(amount)


def above_zero(told: Told, strength: Decimal) -> Decimal:
    """The same, of what moves: nothing is no movement."""
    if (amount := milligrams(told, strength)) > ZERO:
        return amount
    raise _wrong(told, "must be above zero")


def plain(amount: Decimal) -> Decimal:
    """Without trailing zeros and without an exponent."""
    shorter = amount.normalize()
    return shorter.quantize(Decimal(1)) if shorter == shorter.to_integral_value() else shorter


def _wrong(told: Told, description: str) -> Invalid:
    fault = Violation(told.place, description)
    return Invalid("INVALID_AMOUNT", "The amount is told wrongly.", (fault,))
