"""What a summary is made of: the record, the drug ledger's lines, and whom it is of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.refusal import Invalid, Violation
from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1.custody_pb2 import CustodyEntry
from halcyon.infusion.v1.monitoring_calls_pb2 import GetSessionRecordResponse
from halcyon.infusion.v1.summary_service_pb2 import GetSessionSummaryRequest, SummaryPatient


@dataclass(frozen=True, slots=True)
class Summary:
    """One session, ready to be written."""

    record: GetSessionRecordResponse
    entries: Sequence[CustodyEntry]
    patient: SummaryPatient | None
    clinic: str
    zone: ZoneInfo
    issue_time: datetime

    @property
    def session(self) -> nouns.Session:
        """The session itself."""
        return self.record.session

    @property
    def day(self) -> datetime:
        """The day it took place, or is to take place."""
        session = self.session
        came = session.HasField("arrive_time")
        return self.local(session.arrive_time if came else session.planned_start_time)

    def local(self, stamp: Timestamp) -> datetime:
        """A moment on the clinic's clock."""
        return stamp.ToDatetime(UTC).astimezone(self.zone)

    def readings(self) -> Sequence[nouns.Vitals]:
        """Those taken by hand or by cuff, and the worst of the monitor's; artefacts are none."""
        believed = [
            one for one in self.session.vitals if one.quality != nouns.READING_QUALITY_ARTEFACT
        ]
        worst = {id(one) for one in _worst(believed)}
        return [
            one
            for one in believed
            if one.HasField("systolic") or one.HasField("moaas") or id(one) in worst
        ]


def summary(
    request: GetSessionSummaryRequest,
    record: GetSessionRecordResponse,
    entries: Sequence[CustodyEntry],
    now: datetime,
) -> Summary:
    """The summary that a caller asks for; no name stands on the record of somebody else."""
    patient = request.patient if request.HasField("patient") else None
    if patient and patient.patient_id != record.session.patient_id:
        raise _wrong("patient.patient_id", "must be the session's patient")
    if request.time_zone and request.time_zone not in available_timezones():
        raise _wrong("time_zone", "must be an IANA time zone")
    zone = ZoneInfo(request.time_zone or "UTC")
    clinic = request.clinic_name or record.session.clinic_id
    return Summary(record, entries, patient, clinic, zone, now)


def _worst(readings: Sequence[nouns.Vitals]) -> Iterator[nouns.Vitals]:
    if readings:
        yield min(readings, key=lambda one: one.oxygen_saturation)
        yield min(readings, key=lambda one: one.heart_rate)
        yield max(readings, key=lambda one: one.heart_rate)


def _wrong(field: str, description: str) -> Invalid:
    fault = Violation(field, description)
    return Invalid("INVALID_SUMMARY", "The summary is asked for wrongly.", (fault,))
