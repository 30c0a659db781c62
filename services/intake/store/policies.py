"""How clinics run their intake: read once a transaction and not locked, for every batch asks."""

from collections.abc import Mapping
from uuid import UUID
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from chassis.database import Tx
from chassis.plans import made
from services.intake import domain, packs
from services.intake.store.publications import load_packs, pack
from services.intake.store.rows import PolicyRow

_policies: "WeakKeyDictionary[Tx, dict[UUID, domain.Policy]]" = WeakKeyDictionary()


async def policy(tx: Tx, clinic_id: UUID) -> domain.Policy:
    """A clinic's policy; a clinic that set none has a specialist sign each plan."""
    known = _policies.setdefault(tx, {})
    if clinic_id not in known:
        found = await tx.look(PolicyRow, (clinic_id,))
        await learn_policies(tx, {clinic_id: found.get(clinic_id)})
    return known[clinic_id]


async def learn_policies(tx: Tx, told: Mapping[UUID, PolicyRow | None]) -> None:
    """The policies of these rows; None is a clinic that set nothing."""
    known = _policies.setdefault(tx, {})
    await load_packs(tx, {row.pack for row in told.values() if row and row.pack})
    for clinic_id, row in told.items():
        known[clinic_id] = await _policy(tx, clinic_id, row)


async def set_policy(tx: Tx, policy: domain.Policy) -> None:
    """A clinic's policy from now on."""
    row = await _row(tx, policy.clinic_id)
    row.approval, row.schedule = policy.approval.value, policy.schedule
    row.pack = policy.pack.label
    tx.put(row)


async def keep_zone(tx: Tx, clinic_id: UUID, revision: int, zone: str) -> None:
    """By which clock a clinic's days begin and end; older news is ignored."""
    row = await _row(tx, clinic_id)
    if revision > row.clinic_revision:
        row.time_zone, row.clinic_revision = zone, revision
    tx.put(row)


async def _row(tx: Tx, clinic_id: UUID) -> PolicyRow:
    """To be changed; a clinic that chose nothing yet follows the platform."""
    return await tx.find(PolicyRow, clinic_id) or made(
        PolicyRow,
        clinic_id=clinic_id,
        approval=domain.Approval.SPECIALIST.value,
        schedule="",
        pack=None,
        time_zone=None,
        clinic_revision=0,
    )


async def _policy(tx: Tx, clinic_id: UUID, row: PolicyRow | None) -> domain.Policy:
    chosen = await pack(tx, row.pack) if row and row.pack else packs.current()
    if row is None:
        own = domain.Approval.SPECIALIST, chosen.default_schedule, chosen
        return domain.Policy(clinic_id, *own)
    return domain.Policy(
        clinic_id,
        domain.Approval(row.approval),
        row.schedule or chosen.default_schedule,
        chosen,
        ZoneInfo(row.time_zone) if row.time_zone else None,
    )
