"""`halcyon partner`: outside systems that refer by events, added and revoked live."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from chassis.keyring import Keyring
from clients.cli.place import DEFAULT, Data, acting, network, papers, run
from clients.cli.screen import show
from clients.cli.views import tables
from clients.network.seed import CLINICS
from clients.registrar import Entry, Registrar
from halcyon.operations.v1.flow_calls_pb2 import ListPausesRequest
from halcyon.referral.v1.partner_pb2 import Partner, PartnerFormat, PatientField
from halcyon.referral.v1.partner_service_pb2 import ListPartnersRequest, UpdatePartnerRequest

app = typer.Typer(help="Let outside systems refer by events.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The partner's name: a-z, 0-9 and -.")]
Clinic = Annotated[list[str], typer.Option("--clinic", help="A clinic it may refer to; repeat.")]
Fields = Annotated[
    list[str] | None,
    typer.Option("--field", help="An identifier that the contract names; repeat. Default: none."),
]
Feed = Annotated[str, typer.Option(help="json, protobuf or fhir.")]
Out = Annotated[Path | None, typer.Option("--out", help="Where to write the credentials.")]
_FORMAT, _FIELD = "PARTNER_FORMAT_", "PATIENT_FIELD_"


@app.command()
def add(
    name: Name,
    clinic: Clinic,
    feed: Feed = "json",
    field: Fields = None,
    out: Out = None,
    data: Data = DEFAULT,
) -> None:
    """Make the partner's account, streams and credentials, and begin to read what it says."""
    partner = _contract(name, clinic, feed, field or [])

    async def adding() -> str:
        entry, credentials = await _registrar(data).add(name)
        partner.account = entry.partner.account
        await _agree(partner, data)
        return credentials

    _hand_over(name, run(adding()), out, data)


@app.command()
def contract(
    name: Name,
    clinic: Clinic,
    feed: Feed = "json",
    field: Fields = None,
    data: Data = DEFAULT,
) -> None:
    """Change what the partner may do and read, from now on; the whole of it is told anew."""
    partner = _contract(name, clinic, feed, field or [])
    partner.account = _registrar(data).get(name).partner.account
    run(_agree(partner, data))
    show(f"{name} reads {', '.join(field or []) or 'no identifiers'}")


@app.command()
def rotate(
    name: Name,
    keep_old: Annotated[bool, typer.Option(help="Let the old ones work until the next.")] = False,
    out: Out = None,
    data: Data = DEFAULT,
) -> None:
    """Give new credentials; whoever is connected with the old ones is thrown out."""
    _, credentials = run(_registrar(data).rotate(name, keep_old=keep_old))
    _hand_over(name, credentials, out, data)


@app.command()
def revoke(name: Name, data: Data = DEFAULT) -> None:
    """End every credential of the partner, for good."""
    run(_registrar(data).revoke(name))
    show(f"{name} is out; what it said is still answered, its feed is kept for 30 days")


@app.command("list")
def list_partners(data: Data = DEFAULT) -> None:
    """List the partners, where they may refer to, what waits for an answer, what they must read."""
    registrar = _registrar(data)

    async def listing() -> tuple[dict[str, Partner], set[str]]:
        async with acting(data, "operator") as operator:
            reply = await operator.partners.ListPartners(ListPartnersRequest())
            held = (await operator.operations("referral").ListPauses(ListPausesRequest())).pauses
        return {one.name: one for one in reply.partners}, {one.name.name for one in held}

    known, held = run(listing())
    table = tables.table("Partners", "partner", "state", "clinics", "reads", "unanswered", "unread")
    table.columns[2].no_wrap, table.columns[2].overflow = False, "fold"
    for entry in registrar.all():
        partner = known.get(entry.name, Partner())
        table.add_row(
            entry.name,
            _state(entry, held),
            "\n".join(partner.clinic_ids),
            "\n".join(_read_by(partner)),
            str(run(registrar.waiting(entry.name))),
            str(run(registrar.backlog(entry.name))),
        )
    show(table)


def _read_by(partner: Partner) -> list[str]:
    """The form of its feed, then the identifiers that its contract names."""
    fields = [_word(PatientField.Name(one), _FIELD) for one in partner.fields]
    return [_word(PartnerFormat.Name(partner.format), _FORMAT), *fields]


def _word(name: str, prefix: str) -> str:
    """A value of a contract's enum as the terminal says it."""
    return name.removeprefix(prefix).lower()


def _contract(name: str, clinics: list[str], feed: str, fields: list[str]) -> Partner:
    formats = [_word(one, _FORMAT) for one in PartnerFormat.keys()[1:]]
    known = [_word(one, _FIELD) for one in PatientField.keys()[1:]]
    for told, allowed in ((feed, formats), *((one, known) for one in fields)):
        if told not in allowed:
            raise typer.BadParameter(f"{told} must be one of {', '.join(allowed)}")
    return Partner(
        name=name,
        clinic_ids=[_clinic(one) for one in clinics],
        format=PartnerFormat.Value(f"{_FORMAT}{feed.upper()}"),
        fields=[PatientField.Value(f"{_FIELD}{one.upper()}") for one in fields],
    )


async def _agree(partner: Partner, data: Path) -> None:
    async with acting(data, "operator") as operator:
        await operator.partners.UpdatePartner(UpdatePartnerRequest(partner=partner))


def _state(entry: Entry, held: set[str]) -> str:
    if entry.closed:
        return "revoked"
    return "paused" if f"partner-{entry.name}" in held else "open"


def _registrar(data: Path) -> Registrar:
    found = network(data)
    return Registrar(found["nats"], Keyring(Path(found["nats_keys"])), papers(data))


def _clinic(told: str) -> str:
    """An id, or the key of a clinic of the demonstration network."""
    for one in CLINICS:
        if told == one.key:
            return str(one.clinic_id)
    try:
        return str(UUID(told))
    except ValueError:
        keys = ", ".join(one.key for one in CLINICS)
        raise typer.BadParameter(f"{told} is no clinic's id, nor one of {keys}") from None


def _hand_over(name: str, credentials: str, out: Path | None, data: Path) -> None:
    path = out or Path(f"{name}.creds")
    path.touch(mode=0o600)
    path.write_text(credentials)
    show(f"credentials: {path}\nbroker: {network(data)['nats']}")
