"""The terms as a file says them; a number without a source, or steps out of order, are no terms."""

from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

from chassis.refusal import Invalid, Violation
from services.billing.domain import ENDS_ALL, FeeKind, Notice, RefundMethod, Tariff, Term, Terms
from services.billing.packs.lined import Node, fault, named, numbered, part, rows, sourced

FILE = Path(__file__).parent / "terms.yaml"
DEFAULT = "halcyon-default"


@cache
def all_terms(path: Path = FILE) -> tuple[Terms, ...]:
    """Every version of every policy."""
    return rows(path, "terms", read)


def terms(day: date, name: str = DEFAULT) -> Terms:
    """The newest version of a policy in force on a day."""
    found = [one for one in all_terms() if one.name == name and one.term.covers(day)]
    if not found:
        known = ", ".join(sorted({one.name for one in all_terms()}))
        unknown = Violation("terms_name", f"must be one of {known}")
        raise Invalid("INVALID_TERMS", "No such terms are in force.", (unknown,))
    return max(found, key=lambda one: one.version)


def read(row: Node) -> Terms:
    """One version."""
    sourced(row, "terms")
    refund = part(row, "refund")
    return Terms(
        name=row["name"],
        version=row["version"],
        term=Term(row["first"], row["last"]),
        source=row["source"],
        notices=_notices(row),
        business_hours={"calendar": False, "business": True}[row["hours"]],
        no_show=_tariff(part(row, "no_show"), "no_show"),
        grace_count=numbered(row, "grace_count"),
        waivers=frozenset(row["waivers"]),
        method=RefundMethod(refund["method"]),
        deductions=_deductions(part(refund, "reasons")),
        sparing=_sparing(part(refund, "reasons")),
        approval_above=numbered(row, "approval_above"),
        expire_after=timedelta(days=numbered(row, "expire_days")),
        reminder_days=_days(part(row, "reminder_days")),
        evidence=_evidence(row),
    )


def _notices(row: Node) -> tuple[Notice, ...]:
    steps = tuple(
        Notice(timedelta(hours=step["at_least_hours"]), _tariff(step, "notices"))
        for step in row["notices"]
    )
    if any(longer.at_least <= shorter.at_least for longer, shorter in pairwise(steps)):
        raise fault(row["notices"][0], "notices: the longest comes first")
    if steps[-1].at_least:
        raise fault(row["notices"][-1], "notices: the last must be for 0 hours")
    return steps


def _tariff(node: Node, name: str) -> Tariff:
    sourced(node, name)
    kind, number = FeeKind(node["fee"]), node.get("number", 0)
    if (number > 0) != (kind in {FeeKind.FLAT, FeeKind.PERCENT}):
        raise fault(node, f"{name}: {kind} with the number {number}")
    if kind is FeeKind.PERCENT and number > 100:
        raise fault(node, f"{name}: more than 100 per cent")
    return Tariff(kind, number)


def _deductions(node: Node) -> dict[str, int]:
    found = {reason: numbered(node, reason) for reason in named(node)}
    for reason, percent in found.items():
        if percent > 100:
            raise fault(node[reason], f"{reason}: more than 100 per cent")
    for reason in sorted(ENDS_ALL - set(found)):
        raise fault(node, f"{reason}: is missing; it is asked unasked")
    return found


def _sparing(node: Node) -> frozenset[str]:
    """Reasons that say so; anything but yes or no is a slip."""
    for row in named(node).values():
        if not isinstance(row.get("spares_discount", False), bool):
            raise fault(row, "spares_discount: must be true or false")
    return frozenset({why for why, row in named(node).items() if row.get("spares_discount")})


def _days(node: Node) -> tuple[int, ...]:
    sourced(node, "reminder_days")
    days = tuple(node["number"])
    if list(days) != sorted(set(days)) or min(days, default=1) < 1:
        raise fault(node, "reminder_days: must rise, from 1")
    return days


def _evidence(row: Node) -> dict[str, frozenset[str]]:
    found = {reason: frozenset(kinds) for reason, kinds in named(part(row, "evidence")).items()}
    if "other" not in found:
        raise fault(row, "evidence: needs a rule for any other reason")
    return found
