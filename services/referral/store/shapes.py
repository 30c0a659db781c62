"""Entities as rows and rows as entities."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from chassis.plans import made, plan_of
from services.referral.domain import (
    Clinic,
    Clinical,
    Coding,
    Day,
    Position,
    Practitioner,
    Priority,
    Progress,
    Referral,
    Section,
    Sex,
    Status,
)
from services.referral.store.rows import ClinicRow, ProgressRow, ReferralRow

Kept = Mapping[str, Any]
"""The columns of a row, by name."""

_STATUSES = {status.value: status for status in Status}


def progress(kept: Kept) -> Progress:
    """How far the referral has come."""
    return Progress(
        referral_id=kept["referral_id"],
        status=_STATUSES[kept["status"]],
        update_time=kept["update_time"],
        standing_time=kept["standing_time"],
        clinic_id=kept["clinic_id"],
        revision=kept["revision"],
        changes=kept["changes"],
        series_revision=kept["series_revision"],
        invoice_revision=kept["invoice_revision"],
        occupied_clinic_id=kept["occupied_clinic_id"],
        heard=tuple(kept["heard"]),
        partner=kept["partner"],
    )


def progress_row(progress: Progress) -> ProgressRow:
    """What news changes of a referral."""
    row: ProgressRow = plan_of(ProgressRow).made(progress._asdict())
    return row


def referral(kept: Kept) -> Referral:
    """The whole referral."""
    return Referral(
        referral_id=kept["referral_id"],
        request_id=kept["request_id"],
        digest=kept["digest"],
        patient_id=kept["patient_id"],
        referrer=Practitioner(
            kept["npi"],
            kept["referrer_given_name"],
            kept["referrer_family_name"],
            kept["organization"],
        ),
        clinical=_clinical(kept),
        age_years=kept["age_years"],
        sex_at_birth=Sex(kept["sex_at_birth"]),
        priority=Priority(kept["priority"]),
        preferred_clinic_id=kept["preferred_clinic_id"],
        receive_time=kept["receive_time"],
        progress=progress(kept),
    )


def referral_row(referral: Referral) -> ReferralRow:
    """The whole row."""
    clinical, referrer = referral.clinical, referral.referrer
    return made(
        ReferralRow,
        request_id=referral.request_id,
        digest=referral.digest,
        patient_id=referral.patient_id,
        npi=referrer.npi,
        referrer_given_name=referrer.given_name,
        referrer_family_name=referrer.family_name,
        organization=referrer.organization,
        indication_code=clinical.indication_code,
        category=clinical.category,
        weight_grams=clinical.weight_grams,
        weight_date=date(*clinical.weight_date),
        height_millimetres=clinical.height_millimetres,
        phq9_score=clinical.phq9_score,
        psychiatric_history=[str(coding) for coding in clinical.psychiatric_history],
        physical_history=[str(coding) for coding in clinical.physical_history],
        medications=[str(coding) for coding in clinical.medications],
        allergies=[str(coding) for coding in clinical.allergies],
        age_years=referral.age_years,
        sex_at_birth=referral.sex_at_birth.value,
        priority=referral.priority.value,
        preferred_clinic_id=referral.preferred_clinic_id,
        receive_time=referral.receive_time,
        **referral.progress._asdict(),
    )


def clinic(kept: Kept) -> Clinic:
    """A clinic; its load is known where the directory was asked."""
    return Clinic(
        kept["clinic_id"],
        kept["revision"],
        Position(kept["latitude"], kept["longitude"]),
        tuple(kept["categories"]),
        kept["series_capacity"],
        kept.get("open_series", 0),
    )


def clinic_row(clinic: Clinic) -> ClinicRow:
    """A clinic as others told of it; the load is our own count, kept elsewhere."""
    return made(
        ClinicRow,
        clinic_id=clinic.clinic_id,
        revision=clinic.revision,
        latitude=clinic.position.latitude,
        longitude=clinic.position.longitude,
        categories=list(clinic.categories),
        series_capacity=clinic.series_capacity,
    )


def _clinical(kept: Kept) -> Clinical:
    return Clinical(
        kept["indication_code"],
        kept["weight_grams"],
        _day(kept["weight_date"]),
        kept["height_millimetres"],
        kept["phq9_score"],
        _section(kept["psychiatric_history"]),
        _section(kept["physical_history"]),
        _section(kept["medications"]),
        _section(kept["allergies"]),
    )


def _section(texts: list[str]) -> Section:
    return tuple([Coding.parse(text) for text in texts])


def _day(day: date) -> Day:
    return Day(day.year, day.month, day.day)
