"""How charges are told to payers, as a file says it."""

from datetime import date
from functools import cache
from pathlib import Path

from chassis.refusal import NotFound
from services.billing.domain import ClaimTable, Drug, PatientKind, Term
from services.billing.packs.lined import Node, fault, named, numbered, part, rows, sourced

FILE = Path(__file__).parent / "claims.yaml"
_NDC_DIGITS = 11


@cache
def all_tables(path: Path = FILE) -> tuple[ClaimTable, ...]:
    """Every version."""
    return rows(path, "tables", read)


def claim_table(day: date) -> ClaimTable:
    """The newest table in force on a day of service."""
    found = [one for one in all_tables() if one.term.covers(day)]
    if not found:
        raise NotFound("CLAIM_TABLE_NOT_FOUND", "No claim table is in force on that day.")
    return max(found, key=lambda one: one.version)


def read(row: Node) -> ClaimTable:
    """One version."""
    sourced(row, "table")
    shares, words = part(row, "shares"), named(part(row, "words"))
    table = ClaimTable(
        name=row["name"],
        version=row["version"],
        term=Term(row["first"], row["last"]),
        shares={code: numbered(shares, code) for code in named(shares)},
        words=words,
        visit_modifier=row["visit_modifier"],
        visits={PatientKind(kind): _visits(steps) for kind, steps in named(row["visits"]).items()},
        drug=_drug(part(row, "drug")),
    )
    unnamed = {code for code in table.shares if code != "visit"} - words.keys()
    unnamed |= {code for steps in table.visits.values() for code, _ in steps} - words.keys()
    if unnamed:
        raise fault(row, f"words: none for {', '.join(sorted(unnamed))}")
    return table


def _visits(steps: list[Node]) -> tuple[tuple[str, int], ...]:
    for step in steps:
        sourced(step, step["code"])
    found = tuple((step["code"], step["least_minutes"]) for step in steps)
    minutes = [least for _, least in found]
    if minutes != sorted(set(minutes)):
        raise fault(steps[0], "visits: minutes must rise")
    return found


def _drug(node: Node) -> Drug:
    ndc = node["ndc"]
    if not (ndc.isascii() and ndc.isdigit() and len(ndc) == _NDC_DIGITS):
        raise fault(node, "ndc: must be eleven digits")
    strength = numbered(node, "micrograms_per_millilitre")
    if not strength:
        raise fault(node, "micrograms_per_millilitre: must be above zero")
    return Drug(node["code"], ndc, node["words"], strength)
