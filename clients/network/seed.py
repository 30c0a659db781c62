"""The demonstration network: three clinics, how each approves plans, what it charges and stocks."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from google.type.date_pb2 import Date
from google.type.latlng_pb2 import LatLng

from clients.custody import DEMO_DRUG
from clients.sdk import Halcyon
from halcyon.billing.v1 import billing_pb2 as billing
from halcyon.billing.v1.billing_service_pb2 import UpdateClinicPriceRequest
from halcyon.billing.v1.superbill_pb2 import BillingProfile
from halcyon.billing.v1.superbill_service_pb2 import UpdateBillingProfileRequest
from halcyon.infusion.v1 import custody_movements_pb2 as moving
from halcyon.intake.v1 import intake_pb2 as intake
from halcyon.intake.v1.intake_service_pb2 import UpdateClinicPolicyRequest
from halcyon.scheduling.v1 import scheduling_pb2 as scheduling
from halcyon.scheduling.v1.scheduling_service_pb2 import ListClinicsRequest, UpdateClinicRequest

_PAGE: Final = "https://halcyon.clinic/clinics"
_WEEKDAYS = range(1, 6)
_TWO_DAYS = 172_800
_SUPPLIER, _VIALS = "RH1111119", 10
_SCHEDULE = "taper_3_2_1_1_1"


@dataclass(frozen=True)
class DemoClinic:
    """What tells the three clinics apart."""

    key: str
    name: str
    time_zone: str
    latitude: float
    longitude: float
    indications: tuple[str, ...]
    rooms: int
    nurses: int
    approval: intake.Approval.ValueType
    dollars: int
    series_capacity: int = 200
    place: tuple[str, str, str] = ("Denver", "CO", "802020001")
    """City, state and ZIP+4, for receipts."""
    dea_number: str = ""

    @property
    def clinic_id(self) -> UUID:
        """The same in every demonstration network."""
        return uuid5(NAMESPACE_URL, f"{_PAGE}/{self.key}")


DENVER = DemoClinic(
    "denver", "Halcyon Denver", "America/Denver", 39.7392, -104.9903,
    ("F31", "F32", "F33", "F42", "F43"), 4, 3, intake.APPROVAL_SPECIALIST, 475,
    dea_number="FH1000001",
)  # fmt: skip
PHOENIX = DemoClinic(
    "phoenix", "Halcyon Phoenix", "America/Phoenix", 33.4484, -112.0740,
    ("F31", "F32", "F33", "F43"), 3, 2, intake.APPROVAL_SPECIALIST, 450,
    place=("Phoenix", "AZ", "850030001"),
    dea_number="FH2000002",
)  # fmt: skip
SEATTLE = DemoClinic(
    "seattle", "Halcyon Seattle", "America/Los_Angeles", 47.6062, -122.3321,
    ("F32", "F33", "G89", "G90", "M79"), 5, 4, intake.APPROVAL_STANDING_ORDER, 600,
    place=("Seattle", "WA", "981010001"),
    dea_number="FH3000003",
)  # fmt: skip
CLINICS: Final = (DENVER, PHOENIX, SEATTLE)
REGISTRATIONS: Final = {str(clinic.clinic_id): clinic.dea_number for clinic in CLINICS}
"""DEA number by clinic."""


async def seed(director: Halcyon) -> bool:
    """Put the three clinics on a network that has none; the clinic itself comes last."""
    if (await director.scheduling.ListClinics(ListClinicsRequest(page_size=1))).clinics:
        return False
    for clinic in CLINICS:
        await stock(director, clinic)
        await add(director, clinic)
    return True


async def add(director: Halcyon, clinic: DemoClinic) -> None:
    """One clinic: its policy, its price, what its receipts say, itself."""
    clinic_id = str(clinic.clinic_id)
    policy = intake.ClinicPolicy(clinic_id=clinic_id, approval=clinic.approval, schedule=_SCHEDULE)
    price = billing.ClinicPrice(
        clinic_id=clinic_id,
        infusion_price=billing.Money(currency_code="USD", minor_units=clinic.dollars * 100),
    )
    await director.intake.UpdateClinicPolicy(UpdateClinicPolicyRequest(policy=policy))
    await director.billing.UpdateClinicPrice(UpdateClinicPriceRequest(price=price))
    await director.superbills.UpdateBillingProfile(
        UpdateBillingProfileRequest(profile=_profile(clinic))
    )
    await director.scheduling.UpdateClinic(UpdateClinicRequest(clinic=_clinic(clinic)))


def _profile(clinic: DemoClinic) -> BillingProfile:
    """Numbers that pass their checks and belong to nobody."""
    city, state, postal_code = clinic.place
    return BillingProfile(
        clinic_id=str(clinic.clinic_id),
        legal_name=f"{clinic.name} (demonstration)",
        npi="1234567893",
        tin="000000001",
        taxonomy_code="261QI0500X",
        place_of_service="49",
        time_zone=clinic.time_zone,
        phone="+13035550100",
        street="1 Example Street",
        city=city,
        state=state,
        postal_code=postal_code,
        provider_given_name="Alex",
        provider_family_name="Example",
        provider_npi="1543219871",
        provider_taxonomy_code="207L00000X",
        provider_license_number="EXAMPLE-1",
    )


async def stock(director: Halcyon, clinic: DemoClinic) -> None:
    """The clinic's DEA registration, and ketamine for a week in its cabinet."""
    opened = moving.CreateRegistrationRequest(
        dea_number=clinic.dea_number,
        clinic_id=str(clinic.clinic_id),
        time_zone=clinic.time_zone,
        open_date=Date(year=2026, month=1, day=1),
    )
    await director.custody.CreateRegistration(opened)
    expiry = date.fromisoformat(DEMO_DRUG.expire_date)
    received = moving.ReceiveContainersRequest(
        request_id=str(uuid5(clinic.clinic_id, "stock")),
        dea_number=clinic.dea_number,
        ndc=DEMO_DRUG.ndc,
        lot=DEMO_DRUG.lot,
        expiry_date=Date(year=expiry.year, month=expiry.month, day=expiry.day),
        arrivals=[moving.Arrival(label=f"K-{number:02d}") for number in range(1, _VIALS + 1)],
        supplier_dea_number=_SUPPLIER,
        invoice_number="DEMO-INVOICE-1",
    )
    await director.custody.ReceiveContainers(received)


def _clinic(clinic: DemoClinic) -> scheduling.Clinic:
    rooms = scheduling.RESOURCE_KIND_ROOM, "Room", clinic.rooms
    pumps = scheduling.RESOURCE_KIND_PUMP, "Pump", clinic.rooms
    nurses = scheduling.RESOURCE_KIND_NURSE, "Nurse", clinic.nurses
    return scheduling.Clinic(
        clinic_id=str(clinic.clinic_id),
        name=clinic.name,
        time_zone=clinic.time_zone,
        position=LatLng(latitude=clinic.latitude, longitude=clinic.longitude),
        indications=clinic.indications,
        opening_hours=[
            scheduling.OpeningHours(weekday=day, open_minute=8 * 60, close_minute=18 * 60)
            for day in _WEEKDAYS
        ],
        resources=[
            scheduling.Resource(
                resource_id=str(uuid5(clinic.clinic_id, f"{label}/{number}")),
                kind=kind,
                label=f"{label} {number}",
            )
            for kind, label, count in (rooms, pumps, nurses)
            for number in range(1, count + 1)
        ],
        hold_seconds=_TWO_DAYS,
        series_capacity=clinic.series_capacity,
    )
