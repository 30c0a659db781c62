"""Where courses, sessions, infusions, dose orders, readings and alerts are kept."""

from services.infusion.store.cadence import (
    OVERDUE,
    PARTITIONS,
    await_reading,
    keep_overdue,
    make_partitions,
    measured,
)
from services.infusion.store.clocks import keep_clock, zone_of
from services.infusion.store.gates import (
    evidence,
    keep_discharge,
    keep_double_check,
    keep_form,
    keep_overrides,
    overrides,
)
from services.infusion.store.monitoring import (
    Post,
    alerts,
    find_alert,
    keep_alert,
    keep_event_alert,
    lock,
    posts,
)
from services.infusion.store.observations import (
    find_observation,
    keep_observation,
    observations,
)
from services.infusion.store.orders import (
    keep_order,
    order_in_force,
    orders_in_force,
    prefetch_orders,
)
from services.infusion.store.programmes import (
    prefetch_programmes,
    programme,
    record_programme,
)
from services.infusion.store.protocols import (
    find_protocol,
    keep_choice,
    keep_protocol,
    latest_protocol,
    listed_protocols,
    load_packs,
    pack,
    pack_of,
)
from services.infusion.store.readings import (
    Key,
    add_readings,
    extremes,
    readings,
    readings_and_before,
)
from services.infusion.store.revisions import keep_minutes, load_minutes
from services.infusion.store.risks import keep_screening, screening
from services.infusion.store.standings import (
    claim_standing,
    plan_standing,
    prefetch_standings,
    record_standing,
    standing,
)
from services.infusion.store.visits import Question, earlier, get, listed, record, unknown
from services.infusion.store.whole import course, readings_of, stay, whole

__all__ = [
    "OVERDUE",
    "PARTITIONS",
    "Key",
    "Post",
    "Question",
    "add_readings",
    "alerts",
    "await_reading",
    "claim_standing",
    "course",
    "earlier",
    "evidence",
    "extremes",
    "find_alert",
    "find_observation",
    "find_protocol",
    "get",
    "keep_alert",
    "keep_choice",
    "keep_clock",
    "keep_discharge",
    "keep_double_check",
    "keep_event_alert",
    "keep_form",
    "keep_minutes",
    "keep_observation",
    "keep_order",
    "keep_overdue",
    "keep_overrides",
    "keep_protocol",
    "keep_screening",
    "latest_protocol",
    "listed",
    "listed_protocols",
    "load_minutes",
    "load_packs",
    "lock",
    "make_partitions",
    "measured",
    "observations",
    "order_in_force",
    "orders_in_force",
    "overrides",
    "pack",
    "pack_of",
    "plan_standing",
    "posts",
    "prefetch_orders",
    "prefetch_programmes",
    "prefetch_standings",
    "programme",
    "readings",
    "readings_and_before",
    "readings_of",
    "record",
    "record_programme",
    "record_standing",
    "screening",
    "standing",
    "stay",
    "unknown",
    "whole",
    "zone_of",
]
