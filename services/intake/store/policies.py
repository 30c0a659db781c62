"""How clinics run their intake: read once a transaction and not locked, for every batch asks."""

from collections.abc import Iterable, Mapping
from uuid import UUID
from weakref import WeakKeyDictionary

from chassis.database import Tx
from chassis.plans import made
from services.intake import domain, packs
from services.intake.store.publications import load_packs, pack
from services.intake.store.rows import PolicyRow

_policies: "WeakKeyDictionary[Tx, dict[UUID, domain.Policy]]" = WeakKeyDictionary()


async def policy(tx: Tx, clinic_id: UUID) -> domain.Policy:
    """A clinic's policy; a clinic that set none has a specialist sign each plan."""
    known = await policies(tx, (clinic_id,))
    return known[clinic_id]


async def policies(tx: Tx, clinic_ids: Iterable[UUID]) -> Mapping[UUID, domain.Policy]:
    """The policies, read once in a transaction and not locked: every batch needs them."""
    known = _policies.setdefault(tx, {})
    if wanted := set(clinic_ids) - known.keys():
        set_by_clinic = await tx.look(PolicyRow, wanted)
        await load_packs(tx, {row.pack for row in set_by_clinic.values() if row.pack})
        for clinic_id in wanted:
            known[clinic_id] = await _policy(tx, clinic_id, set_by_clinic.get(clinic_id))
    return known


async def set_policy(tx: Tx, policy: domain.Policy) -> None:
    """A clinic's policy from now on."""
    await tx.find(PolicyRow, policy.clinic_id)
    row = made(
        PolicyRow,
        clinic_id=policy.clinic_id,
        approval=policy.approval.value,
        schedule=policy.schedule,
        pack=policy.pack.label,
    )
    tx.put(row)


async def _policy(tx: Tx, clinic_id: UUID, row: PolicyRow | None) -> domain.Policy:
    if row is None:
        default = packs.current()
        return domain.Policy(
            clinic_id, domain.Approval.SPECIALIST, default.default_schedule, default
        )
    chosen = await pack(tx, row.pack) if row.pack else packs.current()
    return domain.Policy(clinic_id, domain.Approval(row.approval), row.schedule, chosen)
