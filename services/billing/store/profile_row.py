"""The table of who bills."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime
from sqlmodel import Field

from services.billing.store.rows import Row


class ProfileRow(Row, table=True):
    """What receipts and claims say about a clinic."""

    __tablename__ = "billing_profile"
    clinic_id: UUID = Field(primary_key=True)
    legal_name: str
    npi: str
    tin: str
    taxonomy: str
    place_of_service: str
    time_zone: str
    telephone: str
    line: str
    city: str
    state: str
    postal_code: str
    provider_given_name: str
    provider_family_name: str
    provider_npi: str
    provider_taxonomy: str
    provider_licence: str
    update_time: datetime = Field(sa_type=DateTime(timezone=True))
