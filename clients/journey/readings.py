"""What is written down at the bedside when everything is as it should be."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from google.protobuf.timestamp_pb2 import Timestamp

from clients.custody import DEMO_DRUG
from halcyon.infusion.v1 import gate_pb2 as gate
from halcyon.infusion.v1 import infusion_pb2 as infusion

DRUG = DEMO_DRUG
INSTRUCTIONS = ("emergency_contact", "no_alcohol", "no_decisions", "no_driving")
CALM = (128, 82)


def checklist(
    session: infusion.Session, phq9_score: int = 20, minutes_ago: float = 0
) -> infusion.StartChecklist:
    """A checklist on which everything is as it should be, with the pump as ordered."""
    return infusion.StartChecklist(
        identity_checked_twice=True,
        consent_current=True,
        consent_expire_date="2099-12-31",
        escort_confirmed=True,
        escort_name="Synthetic Escort",
        fasting_kept=True,
        last_solids_time=moment(minutes_ago + 600),
        last_clear_fluids_time=moment(minutes_ago + 240),
        substances_asked=True,
        pregnancy=gate.PREGNANCY_NOT_RELEVANT,
        phq9_score=phq9_score,
        phq9_item9=0,
        drug=DRUG,
        programme=programme(session),
    )


def programme(session: infusion.Session) -> gate.PumpProgramme:
    """The ordered dose in a bag of 100 mL, over the ordered minutes."""
    dose, minutes = Decimal(session.ordered_micrograms) / 1000, session.infusion_minutes
    rate = (Decimal(100) * 60 / minutes).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return gate.PumpProgramme(
        dose_mg=f"{dose:f}",
        concentration_mg_per_ml=f"{dose / 100:f}",
        volume_ml="100",
        minutes=minutes,
        rate_ml_per_h=f"{rate:f}",
    )


def moment(minutes_ago: float = 0) -> Timestamp:
    """So many minutes ago."""
    at = Timestamp()
    at.FromDatetime(datetime.now(UTC) - timedelta(minutes=minutes_ago))
    return at


def vitals(
    systolic: int,
    diastolic: int,
    *,
    spo2: int = 98,
    pulse: int = 74,
    minutes_ago: float = 0,
) -> infusion.Vitals:
    """A reading taken so many minutes ago."""
    return infusion.Vitals(
        measure_time=moment(minutes_ago),
        oxygen_saturation=spo2,
        heart_rate=pulse,
        systolic=systolic,
        diastolic=diastolic,
        moaas=5,
        respiratory_rate=14,
    )
