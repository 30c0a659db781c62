"""Where clinics, their agendas, series and bookings are kept; the only writer."""

from services.scheduling.store.availability import Found, Offer, find_times
from services.scheduling.store.clinics import (
    find_clinic,
    get_clinic,
    list_clinics,
    lock_clinic,
    owned,
    record_clinic,
)
from services.scheduling.store.desk import Desk
from services.scheduling.store.desks import desk_of, open_desks, read_ahead
from services.scheduling.store.feeds import open_feed, read_feed
from services.scheduling.store.lapsing import lapse
from services.scheduling.store.maintenance import keep_running, open_round, running
from services.scheduling.store.moving import move, other_times, transfer
from services.scheduling.store.optimising import days_to_better, open_minutes
from services.scheduling.store.overriding import override, overrides_of
from services.scheduling.store.patients import (
    carry_preferences,
    keep_availability,
    keep_preferences,
    load_sessions,
)
from services.scheduling.store.places import (
    claim_places,
    claim_same_places,
    free_starts,
    other_starts,
    why_none,
)
from services.scheduling.store.proposals import (
    accept,
    clinic_of_repair,
    get_repair,
    open_repairs,
)
from services.scheduling.store.reading import (
    list_day,
    read_series,
    read_series_of,
    read_timetable,
)
from services.scheduling.store.repairs import close, reopen, submit
from services.scheduling.store.replanning import renew, replan
from services.scheduling.store.safety import (
    keep_safety,
    must_be_safe,
    rules_against,
    rules_barring,
    try_again,
)
from services.scheduling.store.series import (
    book_on,
    clinics_of,
    clinics_waiting_for,
    find,
    fulfil,
    get,
    give_back,
    is_cancelled,
    live_numbers,
    load,
    load_bookings,
    load_referrals,
    plan_reminder,
    record,
    remember_cancelled,
    series_of_referrals,
)
from services.scheduling.store.utilisation import utilisation
from services.scheduling.store.visits import (
    arrive,
    arrived,
    drop_after,
    get_visit,
    is_done,
    note_past,
)
from services.scheduling.store.waiting import waiting_at

__all__ = [
    "Desk",
    "Found",
    "Offer",
    "accept",
    "arrive",
    "arrived",
    "book_on",
    "carry_preferences",
    "claim_places",
    "claim_same_places",
    "clinic_of_repair",
    "clinics_of",
    "clinics_waiting_for",
    "close",
    "days_to_better",
    "desk_of",
    "drop_after",
    "find",
    "find_clinic",
    "find_times",
    "free_starts",
    "fulfil",
    "get",
    "get_clinic",
    "get_repair",
    "get_visit",
    "give_back",
    "is_cancelled",
    "is_done",
    "keep_availability",
    "keep_preferences",
    "keep_running",
    "keep_safety",
    "lapse",
    "list_clinics",
    "list_day",
    "live_numbers",
    "load",
    "load_bookings",
    "load_referrals",
    "load_sessions",
    "lock_clinic",
    "move",
    "must_be_safe",
    "note_past",
    "open_desks",
    "open_feed",
    "open_minutes",
    "open_repairs",
    "open_round",
    "other_starts",
    "other_times",
    "override",
    "overrides_of",
    "owned",
    "plan_reminder",
    "read_ahead",
    "read_feed",
    "read_series",
    "read_series_of",
    "read_timetable",
    "record",
    "record_clinic",
    "remember_cancelled",
    "renew",
    "reopen",
    "replan",
    "rules_against",
    "rules_barring",
    "running",
    "series_of_referrals",
    "submit",
    "transfer",
    "try_again",
    "utilisation",
    "waiting_at",
    "why_none",
]
