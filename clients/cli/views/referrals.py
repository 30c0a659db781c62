"""Referrals as a list, without a patient."""

from collections.abc import Iterable, Mapping

from rich.markup import escape
from rich.table import Table

from clients.cli.views.tables import status, table
from clients.cli.views.words import moment
from halcyon.referral.v1.referral_pb2 import REFERRAL_PRIORITY_URGENT, Referral


def listed(found: Iterable[Referral], clinics: Mapping[str, str]) -> Table:
    """As they come; clinics by the names given."""
    title = "Referrals, newest first; times in UTC"
    made = table(title, "referral", "status", "for", "clinic", "received")
    made.columns[3].no_wrap, made.columns[3].overflow = False, "fold"
    for one in found:
        urgent = " [bold red]urgent[/]" if one.priority == REFERRAL_PRIORITY_URGENT else ""
        made.add_row(
            one.referral_id,
            status(one.status),
            f"{escape(one.clinical.indication_code)}{urgent}",
            escape(clinics.get(one.clinic_id, one.clinic_id)) or "[yellow]not routed yet[/]",
            moment(one.receive_time)[4:],
        )
    return made
