"""A plan revised before it is paid: what is held now is estimated, and perhaps asked for, anew."""

from dataclasses import replace
from datetime import datetime

from services.billing.domain.decision import Decision, EstimateIssued, stating
from services.billing.domain.invoice import Invoice, Status
from services.billing.domain.issuing import Need, anew, issue
from services.billing.domain.money import Money
from services.billing.domain.paying import Last, called_off


def is_revised(need: Need, known: Invoice) -> bool:
    """Whether what is held is not what was invoiced; what is paid or delivered stays agreed."""
    newer = need.series_revision > known.series_revision
    other = need.infusion_minutes != known.infusion_minutes
    return newer and other and known.status is Status.ISSUED and not known.used_count


def reprice(need: Need, known: Invoice, unit_price: Money, last: Last, now: datetime) -> Decision:
    """Another price is asked for instead of the earlier; the same price stays asked for.

    When all that is held now was delivered and settled before, nothing is asked for any more.
    """
    again = anew(known, need, unit_price, now)
    if again.session_count <= 0:
        ended = known._replace(
            series_revision=need.series_revision, status=Status.VOID, update_time=now
        )
        return Decision(invoice=ended, earlier=called_off(last, now))
    if again.total == known.total:
        estimated = stating(again._replace(attempt=known.attempt), now)
        return Decision(invoice=estimated, events=(EstimateIssued(estimated),))
    return replace(issue(again, now), earlier=called_off(last, now))
