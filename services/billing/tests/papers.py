"""A clinic, a patient and two sessions to print, nobody real."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from services.billing import domain, packs
from services.billing.documents import Paper
from services.billing.domain import (
    Addressee,
    Invoice,
    Money,
    Payer,
    Profile,
    Referrer,
    Street,
    Superbill,
)
from services.billing.tests.examples import CLINIC, PATIENT, SERIES, TABLE, delivery, need

AT = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
"""Half past eight in the evening of the 23rd in Denver."""

PROFILE = Profile(
    clinic_id=CLINIC,
    legal_name="Halcyon Denver PLLC",
    npi="1234567893",
    tin="840000001",
    taxonomy="261QI0500X",
    place_of_service="11",
    time_zone="America/Denver",
    telephone="+13035550100",
    street=Street(line="100 Test Street", city="Denver", state="CO", postal_code="802021234"),
    provider_given_name="Ada",
    provider_family_name="Example",
    provider_npi="1543219871",
    provider_taxonomy="207L00000X",
    provider_licence="CO-0000001",
)
PERSON = Addressee(
    patient_id=PATIENT,
    given_name="Pat",
    family_name="Sample",
    birth_date=date(1985, 4, 9),
    sex="F",
    telephone="+13035550101",
    street=Street(line="1 Sample Road", city="Aurora", state="CO", postal_code="80010"),
)
REFERRER = Referrer("Robin", "Referrer", "2000000010")
PAYER = Payer("Example Health", "99999", "XEH123456789")


def bill(number: int = 1, minutes: int = 45, **changes: Any) -> Superbill:
    """A delivered and paid session of 475 dollars."""
    told = replace(delivery(number, minutes), service_time=AT + timedelta(days=number - 1))
    codes = domain.procedure_codes(packs.CODES, minutes, told.day)
    issued = domain.issue_for(replace(need(), diagnosis="F33.2"), None, Money(47500), AT).invoice
    assert issued
    paid = issued._replace(status=domain.Status.PAID)
    found = domain.recognise(told, paid, None, domain.Coding(codes, TABLE), AT).superbill
    assert found
    return replace(found, **changes)


def invoice(**changes: Any) -> Invoice:
    issued = domain.issue_for(replace(need(), diagnosis="F33.2"), None, Money(47500), AT).invoice
    assert issued
    return issued._replace(**changes)


def paper(*bills: Superbill, **changes: Any) -> Paper:
    about: dict[str, Any] = {
        "invoice_id": UUID(str(uuid5(SERIES, "invoice"))),
        "profile": PROFILE,
        "patient": PERSON,
        "referrer": REFERRER,
        "bills": bills or (bill(),),
        "issue_time": AT,
        "payer": PAYER,
    }
    return Paper(**{**about, **changes})
