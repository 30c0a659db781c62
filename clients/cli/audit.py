"""`halcyon audit`: who saw or changed what, and whether the record of it is whole."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chassis.audit.anchors import anchors, private_key
from chassis.audit.chain import Anchor, verify
from chassis.audit.fhir import audit_event
from chassis.keys import AUDIT_KEY
from clients.cli.place import DEFAULT, Data, acting, network, run
from clients.cli.screen import show
from clients.cli.views import tables
from clients.sdk import Halcyon
from halcyon.operations.v1 import audit_service_pb2 as rpc

app = typer.Typer(help="See and check who saw or changed what.", no_args_is_help=True)

About = Annotated[str, typer.Argument(help="The id of a patient, referral, session or the like.")]
Clinic = Annotated[str, typer.Argument(help="The clinic to see.")]
Fhir = Annotated[bool, typer.Option("--fhir", help="FHIR AuditEvents, one a line.")]
Minutes = Annotated[int, typer.Option(help="For how long, 60 at most.")]
Reason = Annotated[str, typer.Option(help="patient_in_danger, staff_out_of_reach or site_down.")]
_PAGE = 1000


@app.command("verify")
def verify_chains(data: Data = DEFAULT) -> None:
    """Recompute every chain from what the services keep, and compare it with the signed anchors."""

    async def verifying() -> list[tuple[str, int, list[str]]]:
        async with acting(data, "operator") as operator:
            found = network(data)
            return [
                await _verified(operator, name, Path(found["audit"])) for name in operator.services
            ]

    broken = False
    for name, number, findings in run(verifying()):
        show(f"{name}: {number} entries, {len(findings)} findings")
        for finding in findings:
            show(f"  {finding}")
        broken = broken or bool(findings)
    raise typer.Exit(1 if broken else 0)


@app.command("patient")
def show_patient(about_id: About, fhir: Fhir = False, data: Data = DEFAULT) -> None:
    """Tell who saw or changed anything about an id, in every service."""

    async def looking() -> list[tuple[str, dict[str, Any]]]:
        async with acting(data, "operator") as operator:
            return [
                (name, entry)
                for name in operator.services
                for entry in await _entries(operator, name, about_id)
            ]

    found = sorted(run(looking()), key=lambda one: str(one[1]["record_time"]))
    if fhir:
        for name, entry in found:
            typer.echo(json.dumps(audit_event(entry, name)))
        return
    table = tables.table(
        "Who saw or changed it", "when", "who", "action", "method", "outcome", "why"
    )
    for _, entry in found:
        names = ("record_time", "agent", "action", "method", "outcome", "purpose")
        table.add_row(*(str(entry[name]) for name in names))
    show(table)


@app.command("break-glass")
def break_glass(
    clinic_id: Clinic, reason: Reason, minutes: Minutes = 15, data: Data = DEFAULT
) -> None:
    """See one more clinic for a short time: send the grant as the header x-emergency-grant."""

    async def breaking() -> list[tuple[str, str]]:
        request = rpc.CreateEmergencyGrantRequest(
            request_id=str(uuid4()),
            clinic_id=clinic_id,
            reason=rpc.EmergencyReason.Value(f"EMERGENCY_REASON_{reason.upper()}"),
            minutes=minutes,
        )
        async with acting(data, "prescriber") as somebody:
            return [
                (name, (await somebody.audit(name).CreateEmergencyGrant(request)).grant_id)
                for name in somebody.services
            ]

    for name, grant_id in run(breaking()):
        show(f"{name}: {grant_id}")


async def _verified(operator: Halcyon, name: str, folder: Path) -> tuple[str, int, list[str]]:
    known: list[Anchor] = anchors(folder / "anchors.jsonl", name)
    entries = await _entries(operator, name)
    key: Ed25519PublicKey = private_key(folder / AUDIT_KEY).public_key()
    sealed = [_kept(entry) for entry in entries if entry["seq"]]
    findings = verify(sealed, known, key)
    return name, len(entries), [f"{one.clinic_id} {one.seq}: {one.what}" for one in findings]


async def _entries(operator: Halcyon, name: str, about_id: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        after = found[-1]["number"] if found else 0
        asked = rpc.ListAuditEntriesRequest(page_size=_PAGE, after_number=after, about_id=about_id)
        page = (await operator.audit(name).ListAuditEntries(asked)).entries
        names = rpc.AuditEntry.DESCRIPTOR.fields_by_name
        found += [{field: getattr(entry, field) for field in names} for entry in page]
        if len(page) < _PAGE:
            return found


def _kept(entry: dict[str, Any]) -> dict[str, Any]:
    when = datetime.fromisoformat(entry["record_time"])
    return {**entry, "recorded_at": when, "clinic_id": UUID(entry["clinic_id"])}
