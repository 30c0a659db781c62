"""The tables, row by row; nothing outside this room sees a row."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Row(SQLModel, registry=registry()):
    """What intake keeps."""


def _moment() -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=False)


def _maybe_moment() -> Column[datetime]:
    return Column(DateTime(timezone=True))


def _json() -> Column[Any]:
    return Column(JSONB, nullable=False)


def _maybe_json() -> Column[Any]:
    return Column(JSONB(none_as_null=True))


def _wholes() -> Column[list[int]]:
    return Column(ARRAY(Integer), nullable=False)


def _texts() -> Column[list[str]]:
    return Column(ARRAY(Text), nullable=False)


class IntakeRow(Row, table=True):
    """One intake; the columns of the plan are null until there is one."""

    __tablename__ = "intake"

    intake_id: UUID = Field(primary_key=True)
    revision: int = Field(sa_type=BigInteger)
    status: str
    referral_id: UUID
    clinic_id: UUID
    patient_id: UUID
    indication_code: str
    age_years: int
    sex_at_birth: str
    weight_grams: int
    height_millimetres: int
    phq9_score: int | None
    psychiatric_history: list[str] = Field(sa_column=_texts())
    physical_history: list[str] = Field(sa_column=_texts())
    medications: list[str] = Field(sa_column=_texts())
    allergies: list[str] = Field(sa_column=_texts())
    priority: str
    pack: str
    flagged_rules: list[str] = Field(sa_column=_texts())
    assessment_number: int
    decline_reason: str | None
    open_time: datetime = Field(sa_column=_moment())
    update_time: datetime = Field(sa_column=_moment())
    schedule: str | None
    approval: str | None
    rationale: str | None = Field(repr=False)
    starting_micrograms: int | None = Field(sa_type=BigInteger)
    approve_time: datetime | None = Field(sa_column=_maybe_moment())
    dose_number: int
    decided_number: int
    risk_open_time: datetime | None = Field(sa_column=_maybe_moment())
    risk_level: str
    risk_screen_time: datetime | None = Field(sa_column=_maybe_moment())
    risk_until: datetime | None = Field(sa_column=_maybe_moment())
    treated_since: datetime | None = Field(sa_column=_maybe_moment())
    agreed: list[str] = Field(sa_column=_texts())
    told_revision: int = Field(sa_type=BigInteger)
    eligibility: dict[str, Any] | None = Field(sa_column=_maybe_json(), repr=False)
    plan_version: int
    plan_state: str | None
    plan_state_reason: str
    paused_at_assessment: int
    individual: dict[str, Any] | None = Field(sa_column=_maybe_json(), repr=False)
    signed_by: str
    proposed: dict[str, Any] | None = Field(sa_column=_maybe_json())


class AssessmentRow(Row, table=True):
    """One assessment of an intake, with what it was judged by; protected, and never changed."""

    __tablename__ = "assessment"

    intake_id: UUID = Field(primary_key=True, foreign_key="intake.intake_id")
    number: int = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_column=_json(), repr=False)
    inputs: dict[str, Any] = Field(sa_column=_json(), repr=False)
    findings: list[list[str]] = Field(sa_column=_json())
    pack: str
    assessed_by: str
    record_time: datetime = Field(sa_column=_moment())


class DoseOrderRow(Row, table=True):
    """One dose order; rows are added, never changed."""

    __tablename__ = "dose_order"

    dose_order_id: UUID = Field(primary_key=True)
    intake_id: UUID = Field(foreign_key="intake.intake_id")
    number: int
    dose_micrograms: int = Field(sa_type=BigInteger)
    dosing_weight_grams: int
    weight_basis: str
    reasons: list[str] = Field(sa_column=_texts())
    order_time: datetime = Field(sa_column=_moment())
    ordered_by: str
    previous_micrograms: int | None = Field(sa_type=BigInteger)
    percent_change: str


class PlanVersionRow(Row, table=True):
    """A version of a plan that is no longer in force; rows are added, never changed."""

    __tablename__ = "plan_version"

    intake_id: UUID = Field(primary_key=True, foreign_key="intake.intake_id")
    version: int = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_column=_json(), repr=False)
    rationale: str = Field(repr=False)
    supersede_time: datetime = Field(sa_column=_moment())


class FindingReviewRow(Row, table=True):
    """A second specialist's agreement and why; rows are added, never changed."""

    __tablename__ = "finding_review"

    intake_id: UUID = Field(primary_key=True, foreign_key="intake.intake_id")
    assessment_number: int = Field(primary_key=True)
    reviewed_by: str = Field(primary_key=True)
    rule_ids: list[str] = Field(sa_column=_texts())
    rationale: str = Field(repr=False)
    review_time: datetime = Field(
        sa_column=Column(DateTime(timezone=True), primary_key=True, nullable=False)
    )


class GivenRow(Row, table=True):
    """A session that was given; rows are added, never changed."""

    __tablename__ = "given_session"

    session_id: UUID = Field(primary_key=True)
    intake_id: UUID = Field(foreign_key="intake.intake_id")
    patient_id: UUID
    clinic_id: UUID
    begin_time: datetime = Field(sa_column=_moment())
    given_micrograms: int = Field(sa_type=BigInteger)


class ScoreRow(Row, table=True):
    """One rated questionnaire; rows are added, never changed."""

    __tablename__ = "scale_score"

    score_id: UUID = Field(primary_key=True)
    intake_id: UUID = Field(foreign_key="intake.intake_id")
    patient_id: UUID
    clinic_id: UUID
    scale: str
    total: int | None
    band: str
    prorated: bool
    alerts: list[int] = Field(sa_column=_wholes())
    origin: str
    items: list[int] = Field(sa_column=_wholes())
    answers: list[int] = Field(sa_column=_wholes())
    measure_time: datetime = Field(sa_column=_moment())
    pack: str
    recorded_by: str


class PolicyRow(Row, table=True):
    """How one clinic runs its intake; its schedule is empty until it chose one."""

    __tablename__ = "clinic_policy"

    clinic_id: UUID = Field(primary_key=True)
    approval: str
    schedule: str
    pack: str | None
    time_zone: str | None
    clinic_revision: int = Field(sa_type=BigInteger)


class PackRow(Row, table=True):
    """One version of a published pack; rows are added, never changed."""

    __tablename__ = "protocol_pack"

    name: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    clinic_id: UUID | None
    effective_date: date
    content: str
    published_by: str
    publish_time: datetime = Field(sa_column=_moment())
