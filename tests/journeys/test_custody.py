"""Controlled drugs over real processes: two people, two tokens, one ledger."""

from decimal import Decimal

import pytest

from clients import custody
from clients.network import Network
from clients.network.seed import PHOENIX
from clients.sdk import HalcyonError, InvalidArgument, PermissionDenied
from halcyon.infusion.v1 import custody_counts_pb2 as counts
from halcyon.infusion.v1.custody_pb2 import CUSTODY_KIND_WASTED, DrugAmount

pytestmark = pytest.mark.xdist_group("network")

CLINIC = (str(PHOENIX.clinic_id),)


async def test_a_waste_is_witnessed_by_another_token(network: Network) -> None:
    async with (
        network.client("nurse", clinics=CLINIC) as nurse,
        network.client("pharmacist", clinics=CLINIC) as pharmacist,
    ):
        before = await custody.balance(nurse, PHOENIX.dea_number)
        vial = before.containers[-1].container.container_id
        amount = DrugAmount(milligrams="15", millilitres="0.3")
        disposal = await custody.dispose(nurse, vial, CUSTODY_KIND_WASTED, amount)
        with pytest.raises(PermissionDenied) as refused:
            await custody.witness(nurse, disposal.disposal_id)
        assert refused.value.reason == "WITNESS_REQUIRED"
        assert refused.value.domain == "halcyon.infusion"
        entry = await custody.witness(pharmacist, disposal.disposal_id)
        assert (entry.recorder, entry.witness) == ("nurse-dev", "pharmacist-dev")
        after = await custody.balance(nurse, PHOENIX.dea_number)
        assert Decimal(after.total.closing) == Decimal(before.total.closing) - 15


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        (DrugAmount(milligrams="NaN"), InvalidArgument),
        (DrugAmount(milligrams="-5"), InvalidArgument),
        (DrugAmount(milligrams="1e3"), InvalidArgument),
        (DrugAmount(milligrams="0"), InvalidArgument),
        (DrugAmount(milligrams="15", millilitres="15"), InvalidArgument),
        (DrugAmount(milligrams="9999999"), HalcyonError),
    ],
)
async def test_a_bad_amount_changes_nothing(
    network: Network, amount: DrugAmount, refusal: type[HalcyonError]
) -> None:
    async with network.client("nurse", clinics=CLINIC) as nurse:
        before = await custody.balance(nurse, PHOENIX.dea_number)
        vial = before.containers[0].container.container_id
        with pytest.raises(refusal):
            await custody.dispose(nurse, vial, CUSTODY_KIND_WASTED, amount)
        assert await custody.balance(nurse, PHOENIX.dea_number) == before


async def test_only_the_pharmacy_takes_in_and_takes_back(network: Network) -> None:
    async with network.client("nurse", clinics=CLINIC) as nurse:
        with pytest.raises(PermissionDenied) as refused:
            await custody.transfer(nurse, PHOENIX.dea_number, PHOENIX.dea_number)
        assert refused.value.reason == "ROLE_REQUIRED"
        found = {"00000000-0000-4000-8000-000000000000": "5"}
        scope, moment = counts.COUNT_SCOPE_SPOT, counts.COUNT_MOMENT_CLOSE
        with pytest.raises(HalcyonError) as unknown:
            await custody.count(nurse, PHOENIX.dea_number, found, scope, moment)
        assert unknown.value.reason == "CONTAINER_NOT_FOUND"
