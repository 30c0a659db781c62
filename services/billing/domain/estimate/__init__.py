"""The Good Faith Estimate (45 CFR 149.610): content, clock, versions, and the watch on the bill."""

from services.billing.domain.estimate.calendar import Calendar, Holiday
from services.billing.domain.estimate.clock import (
    due_when_requested,
    due_when_scheduled,
    last_moment_to_change,
)
from services.billing.domain.estimate.content import missing
from services.billing.domain.estimate.estimate import (
    Estimate,
    House,
    Line,
    Provider,
    Reason,
    Share,
    Way,
    requested_id,
)
from services.billing.domain.estimate.estimating import (
    Asked,
    Change,
    Desk,
    may_change,
    of_series,
    on_request,
    revise,
)
from services.billing.domain.estimate.policy import Policy, Step, policy_of
from services.billing.domain.estimate.watch import (
    Charge,
    Level,
    Watch,
    charge_id,
    charge_of,
    consent,
    line_of,
    must_be_of,
    must_be_within,
    provide,
    watch,
)

__all__ = [
    "Asked",
    "Calendar",
    "Change",
    "Charge",
    "Desk",
    "Estimate",
    "Holiday",
    "House",
    "Level",
    "Line",
    "Policy",
    "Provider",
    "Reason",
    "Share",
    "Step",
    "Watch",
    "Way",
    "charge_id",
    "charge_of",
    "consent",
    "due_when_requested",
    "due_when_scheduled",
    "last_moment_to_change",
    "line_of",
    "may_change",
    "missing",
    "must_be_of",
    "must_be_within",
    "of_series",
    "on_request",
    "policy_of",
    "provide",
    "requested_id",
    "revise",
    "watch",
]
