"""Our words and everyone's words: the only room that sees both the domain and the contracts."""

from services.scheduling.wire.clinics import clinic_reply, clinic_wanted, day_of
from services.scheduling.wire.heard import (
    availability,
    clinic_of,
    need,
    payment,
    plan_of,
    referral_of,
    revised,
    safety,
    series_of,
    session,
)
from services.scheduling.wire.keys import day_key, id_key, name_key
from services.scheduling.wire.offers import (
    offer_reply,
    patient_wanted,
    plan_wanted,
    utilisation_reply,
)
from services.scheduling.wire.repairs import closure, repair_reply, series_named, steps_wanted
from services.scheduling.wire.replies import booking_reply, schedule_reply, series_reply
from services.scheduling.wire.requests import (
    cancel_reason,
    override_reason,
    preferences,
    preferences_reply,
    start_wanted,
    visit,
)
from services.scheduling.wire.stamps import moment
from services.scheduling.wire.stated import event

__all__ = [
    "availability",
    "booking_reply",
    "cancel_reason",
    "clinic_of",
    "clinic_reply",
    "clinic_wanted",
    "closure",
    "day_key",
    "day_of",
    "event",
    "id_key",
    "moment",
    "name_key",
    "need",
    "offer_reply",
    "override_reason",
    "patient_wanted",
    "payment",
    "plan_of",
    "plan_wanted",
    "preferences",
    "preferences_reply",
    "referral_of",
    "repair_reply",
    "revised",
    "safety",
    "schedule_reply",
    "series_named",
    "series_of",
    "series_reply",
    "session",
    "start_wanted",
    "steps_wanted",
    "utilisation_reply",
    "visit",
]
