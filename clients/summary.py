"""The summary of a session with its patient's name: read from the registry, handed on, not kept."""

from clients.sdk import Halcyon
from halcyon.infusion.v1 import summary_service_pb2 as rpc
from halcyon.infusion.v1.infusion_service_pb2 import GetSessionRequest
from halcyon.referral.v1 import referral_pb2 as referral
from halcyon.referral.v1.referral_service_pb2 import GetPatientRequest
from halcyon.scheduling.v1.scheduling_service_pb2 import GetClinicRequest

PDF, FHIR = rpc.SUMMARY_FORMAT_PDF, rpc.SUMMARY_FORMAT_FHIR
_GENDER = {
    referral.SEX_AT_BIRTH_FEMALE: rpc.SUMMARY_GENDER_FEMALE,
    referral.SEX_AT_BIRTH_MALE: rpc.SUMMARY_GENDER_MALE,
    referral.SEX_AT_BIRTH_UNKNOWN: rpc.SUMMARY_GENDER_UNKNOWN,
}


async def written(reader: Halcyon, session_id: str, form: rpc.SummaryFormat.ValueType) -> bytes:
    """The document; the registry authorises and logs the reading of the name."""
    session = (await reader.infusion.GetSession(GetSessionRequest(session_id=session_id))).session
    of = GetPatientRequest(patient_id=session.patient_id)
    patient = (await reader.referral.GetPatient(of)).patient
    at = GetClinicRequest(clinic_id=session.clinic_id)
    clinic = (await reader.scheduling.GetClinic(at)).clinic
    request = rpc.GetSessionSummaryRequest(
        session_id=session_id,
        format=form,
        patient=named(patient),
        clinic_name=clinic.name,
        time_zone=clinic.time_zone,
    )
    return (await reader.summary.GetSessionSummary(request)).document


def named(patient: referral.Patient) -> rpc.SummaryPatient:
    """Of the registry's entry no more than the page needs."""
    return rpc.SummaryPatient(
        patient_id=patient.patient_id,
        given_name=patient.given_name,
        family_name=patient.family_name,
        birth_date=patient.birth_date,
        gender=_GENDER.get(patient.sex_at_birth, rpc.SUMMARY_GENDER_UNSPECIFIED),
    )
