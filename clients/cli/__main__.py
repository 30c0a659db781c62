"""`halcyon`: every command group in its own file."""

import typer

from clients.cli import (
    audit,
    backing,
    books,
    cards,
    closing,
    custody,
    demo,
    deviating,
    disputes,
    finding,
    flow,
    infusion,
    intake,
    owed,
    pack,
    parked,
    partner,
    protocol,
    referral,
    refunds,
    refusing,
    repair,
    revising,
    routing,
    scale,
    schedule,
    seed,
    stream,
    summary,
    token,
    transferring,
    up,
    using,
    visits,
    watching,
)
from clients.cli.errors import Polite

app = typer.Typer(
    cls=Polite,
    help="Runs a network of infusion clinics on this machine, and talks to one.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("up")(up.up)
app.command("down")(up.down)
app.command("status")(up.status)
app.command("seed")(seed.seed)
app.command("token")(token.token)
app.command("demo")(demo.demo)
app.command("backup")(backing.backup)
app.command("restore")(backing.restore)
referral.app.command("list")(routing.list_referrals)
referral.app.command("route")(routing.route)
referral.app.command("cancel")(routing.cancel)
app.add_typer(referral.app, name="referral")
intake.app.command("revise")(revising.revise)
intake.app.command("decline")(refusing.decline)
intake.app.command("stop")(refusing.stop)
intake.app.command("resume")(refusing.resume)
app.add_typer(intake.app, name="intake")
app.add_typer(scale.app, name="scale")
app.add_typer(pack.app, name="pack")
for command in (
    *(closing.close, closing.reopen),
    *(repair.optimise, repair.repair, repair.accept, repair.maintain),
    *(visits.arrive, visits.miss, visits.cancel, visits.move),
    *(finding.find, using.use, transferring.transfer, watching.watch),
):
    schedule.app.command()(command)
schedule.app.command("repairs")(repair.repairs_at)
app.add_typer(schedule.app, name="schedule")
app.add_typer(flow.app, name="flow")
for part in (refunds, owed, books, disputes):
    cards.billing.add_typer(part.app, name=part.__name__.rpartition(".")[2])
app.add_typer(cards.billing, name="billing")
infusion.app.command("summary")(summary.summary)
infusion.app.command("no-show")(deviating.no_show)
infusion.app.command("cancel")(deviating.cancel)
infusion.app.command("rate")(deviating.rate)
app.add_typer(infusion.app, name="infusion")
app.add_typer(custody.app, name="custody")
app.add_typer(protocol.app, name="protocol")
app.add_typer(parked.app, name="parked")
app.add_typer(audit.app, name="audit")
app.add_typer(partner.app, name="partner")
app.add_typer(stream.app, name="stream")


def main() -> None:
    """The entry point of the `halcyon` command."""
    app()


if __name__ == "__main__":
    main()
