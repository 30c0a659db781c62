"""The terms a patient accepted: fees, what goes back, who must agree, what is evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.refusal import Invalid, Violation
from services.billing.domain.pricing import Term


class FeeKind(StrEnum):
    """What a cancellation costs."""

    NONE = "none"
    FLAT = "flat"
    PERCENT = "percent"
    FORFEIT = "forfeit"
    """The session itself: a paid one counts as used, an unpaid one is owed in full."""


class RefundMethod(StrEnum):
    """How unused sessions are valued."""

    PRO_RATA = "pro_rata"
    """Paid times unused by total."""
    CLAW_BACK = "claw_back"
    """Paid less the kept sessions at the single price: the discount goes back too."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """One fee: a kind and its number."""

    kind: FeeKind
    number: int = 0
    """Minor units of a flat fee, per cent of a session's price for a percentage."""

    def of(self, session_price: int) -> int:
        """Minor units owed; a fraction of a minor unit is let go, and no fee is above the price."""
        match self.kind:
            case FeeKind.NONE:
                return 0
            case FeeKind.FLAT:
                return min(self.number, session_price)
            case FeeKind.PERCENT:
                return session_price * self.number // 100
            case FeeKind.FORFEIT:
                return session_price


@dataclass(frozen=True, slots=True)
class Notice:
    """The fee for telling at least so long before; the boundary belongs to the kinder side."""

    at_least: timedelta
    tariff: Tariff


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One version of the policy, in force for a term."""

    name: str
    version: int
    term: Term
    source: str
    notices: tuple[Notice, ...]
    """Longest notice first; the last one covers everything down to no notice at all."""
    business_hours: bool
    no_show: Tariff
    grace_count: int
    """Fees let go for each invoice before the first is charged."""
    waivers: frozenset[str]
    """Reasons for which no fee is charged."""
    method: RefundMethod
    deductions: Mapping[str, int]
    """Per cent kept of a refund, by its reason; a reason not listed is not a reason."""
    sparing: frozenset[str] = frozenset()
    """Reasons for which no discount is clawed back."""
    approval_above: int
    """A refund of more minor units than this needs a second person."""
    expire_after: timedelta
    """Sessions not used this long after the last payment are forfeited."""
    reminder_days: tuple[int, ...]
    """Days after a balance arose on which the patient is reminded; then never again."""
    evidence: Mapping[str, frozenset[str]]
    """The evidence that answers a dispute, by its reason: this and no more is sent."""

    @property
    def label(self) -> str:
        """Name and version, as decisions record it."""
        return f"{self.name}/{self.version}"

    def fee_for(self, notice: timedelta) -> Tariff:
        """The fee for cancelling so long before the session starts."""
        for step in self.notices:
            if notice >= step.at_least:
                return step.tariff
        return self.no_show

    def deduction(self, reason: str) -> int:
        """Per cent kept for this reason."""
        if reason not in self.deductions:
            known = ", ".join(sorted(self.deductions))
            raise Invalid(
                "INVALID_REFUND",
                "The terms know no such reason.",
                (Violation("reason", f"must be one of {known}"),),
            )
        return self.deductions[reason]

    def expired(self, since: datetime, now: datetime) -> bool:
        """Whether sessions bought then may be forfeited now; the last moment is still theirs."""
        return now - since > self.expire_after
