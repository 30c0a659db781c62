"""`halcyon billing package sell | apply | list`: sessions prepaid for any schedule there is."""

from collections.abc import Sequence
from typing import Annotated

import typer

from clients import accounts, collecting
from clients.cli.billing import DESK, Referral
from clients.cli.collecting import app as billing
from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.views import collecting as views
from clients.cli.views.tables import invoice as shown
from halcyon.billing.v1.billing_pb2 import Invoice
from halcyon.billing.v1.payment_service_pb2 import ApplyPackageResponse

app = typer.Typer(help="Packages: sell, apply, list.", no_args_is_help=True)
billing.add_typer(app, name="package")
__all__ = ["billing"]


@app.command()
def sell(
    referral_id: Referral,
    package: Annotated[str, typer.Argument(help="Its name in the price book.")] = "six-pack",
    data: Data = DEFAULT,
    minutes: Annotated[int, typer.Option(help="Infusion time of each session.", min=1)] = 45,
    code: Annotated[str, typer.Option(help="ICD-10-CM code, if the price depends on it.")] = "",
) -> None:
    """Sell a package to a referral's patient; it can be used when it is paid."""

    async def selling() -> Invoice:
        async with acting(data, *DESK) as clerk:
            series = await accounts.invoice_of(clerk, referral_id)
            return await collecting.sell_package(clerk, series, package, code, minutes)

    sold = run(selling())
    show(shown(sold))
    show(f"package {sold.invoice_id}")


@app.command()
def apply(
    referral_id: Referral,
    package_id: Annotated[str, typer.Argument(help="The package's id, as `list` says it.")],
    data: Data = DEFAULT,
) -> None:
    """Let a referral's series draw its sessions from a paid package."""

    async def applying() -> ApplyPackageResponse:
        async with acting(data, *DESK) as clerk:
            series = await accounts.invoice_of(clerk, referral_id)
            return await collecting.apply_package(clerk, series, package_id)

    done = run(applying())
    show(shown(done.invoice))
    covered = done.invoice.covered_session_count
    show(f"{covered} sessions from the package, {done.invoice.session_count} to be paid")


@app.command("list")
def list_(referral_id: Referral, data: Data = DEFAULT) -> None:
    """Show the packages of a referral's patient."""

    async def reading() -> Sequence[Invoice]:
        async with acting(data, *DESK) as clerk:
            series = await accounts.invoice_of(clerk, referral_id)
            return await collecting.packages_of(clerk, series)

    show(views.packages(run(reading())))
