"""What the clinic's desk does to a series from the terminal, on a network of its own."""

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from google.type.date_pb2 import Date

from chassis.embedded import remove
from clients import journey
from clients.network import Network, Options
from clients.network.seed import DENVER, PHOENIX, SEATTLE
from clients.tests.desk import ZONE, a_week_ago, following, rows, series_of, starts, sunday
from clients.tests.running import command, environment
from halcyon.infusion.events.v1.infusion_events_pb2 import SessionPlanned
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1.scheduling_service_pb2 import GetUtilisationRequest

pytestmark = pytest.mark.xdist_group("desk")
PATTERN = ("--gap-hours", "48", "--infusion-minutes", "60", "--recovery-minutes", "60")
EXAMPLE = (journey.EXAMPLES / "crps-seattle.json").read_bytes()
Said = Callable[..., str]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    folder = tmp_path_factory.mktemp("desk")
    with Network(folder, Options()) as running:
        yield running
    remove(folder)


@pytest.fixture
def said(network: Network) -> Said:
    """What `halcyon schedule` answers, or complains of."""

    def ask(*words: str, fails: bool = False) -> str:
        env = environment(HALCYON_DATA=str(network.directory))
        result = subprocess.run(
            command("schedule", *words), env=env, capture_output=True, text=True, check=False
        )
        assert result.returncode == int(fails), result.stderr
        return result.stderr if fails else result.stdout

    return ask


@pytest.fixture
async def referral_id(network: Network) -> str:
    """A patient whose series at Seattle is paid and booked."""
    request = journey.read_referral(EXAMPLE)
    request.request_id, request.patient.given_name = str(uuid4()), f"Sigrid {uuid4()}"
    async with network.client("referrer", npi=request.referrer.npi) as doctor:
        found = (await journey.refer(doctor, request)).referral_id
        await journey.until(doctor, found, [SessionPlanned])
    return found


async def test_who_is_here_has_arrived(network: Network, said: Said, referral_id: str) -> None:
    assert "the same time   arrived" in said("arrive", referral_id, "1")
    after = await series_of(network, referral_id)
    assert after.bookings[0].status == nouns.BOOKING_STATUS_ARRIVED
    said("arrive", after.series_id, "1")
    assert await series_of(network, referral_id) == after
    assert "NOT_MISSED" in said("miss", referral_id, "1", fails=True)
    assert "BOOKING_BEGUN" in said("cancel", referral_id, "1", "--reason", "patient", fails=True)
    assert "BOOKING_NOT_FOUND" in said("arrive", referral_id, "99", fails=True)


async def test_who_is_missed_comes_later(network: Network, said: Said, referral_id: str) -> None:
    before = await series_of(network, referral_id)
    await a_week_ago(network, before.series_id)
    told = said("miss", referral_id, "1")
    after = await series_of(network, referral_id)
    assert [one.status for one in after.earlier_bookings] == [nouns.BOOKING_STATUS_NO_SHOW]
    assert starts(after)[0] > datetime.now(UTC)
    assert "(no show)" in told
    assert f"{starts(after)[0]:%a %d %b %H:%M}" in told


async def test_a_session_is_called_off(network: Network, said: Said, referral_id: str) -> None:
    before = await series_of(network, referral_id)
    told = said("cancel", referral_id, "2", "--reason", "illness")
    after = await series_of(network, referral_id)
    assert [one.status for one in after.earlier_bookings] == [nouns.BOOKING_STATUS_CANCELLED]
    assert starts(after)[0] == starts(before)[0]
    assert starts(after)[1] > starts(before)[1]
    assert f"{starts(before)[1]:%a %d %b %H:%M} (cancelled)" in told
    assert f"{starts(after)[1]:%a %d %b %H:%M}" in told


async def test_a_session_moves_on_the_wall_clock(
    network: Network, said: Said, referral_id: str
) -> None:
    *_, before, last = starts(await series_of(network, referral_id))
    wanted = last + timedelta(days=7)
    said("move", referral_id, "8", f"{wanted:%Y-%m-%dT%H:%M}")
    after = await series_of(network, referral_id)
    assert starts(after)[-1] == wanted
    assert [one.status for one in after.earlier_bookings] == [nouns.BOOKING_STATUS_MOVED]
    close = before + timedelta(hours=1)
    refused = said("move", referral_id, "8", f"{close:%Y-%m-%dT%H:%M}", fails=True)
    assert refused.startswith("✗ TOO_CLOSE")
    offered = datetime.fromisoformat(refused.partition("next_1: ")[2][:16])
    said("move", referral_id, "8", f"{offered:%Y-%m-%dT%H:%M}")
    assert starts(await series_of(network, referral_id))[-1] == offered.replace(tzinfo=ZONE)


async def test_a_series_goes_elsewhere(network: Network, said: Said, referral_id: str) -> None:
    said("transfer", referral_id, "phoenix")
    after = await series_of(network, referral_id)
    assert after.clinic_id == str(PHOENIX.clinic_id)
    assert "is at Halcyon Phoenix now" in said("transfer", referral_id, "phoenix")
    assert await series_of(network, referral_id) == after
    assert "no clinic is called nowhere" in said("transfer", referral_id, "nowhere", fails=True)


async def test_use_is_what_is_booked(network: Network, said: Said, referral_id: str) -> None:
    day = starts(await series_of(network, referral_id))[-1].date()
    request = GetUtilisationRequest(
        clinic_id=str(SEATTLE.clinic_id),
        first_day=Date(year=day.year, month=day.month, day=day.day),
        days=7,
    )
    async with network.client("coordinator") as desk:
        room, *_ = (await desk.scheduling.GetUtilisation(request)).kinds
    assert room.kind == nouns.RESOURCE_KIND_ROOM
    taken, there = room.taken_minutes, room.open_minutes
    assert taken
    told = rows(said("use", "seattle", day.isoformat(), "--days", "7"))["room"]
    clock = [f"{one // 60}:{one % 60:02}" for one in (taken, there)]
    assert told == [*clock, f"{taken / there:.1%}"]
    assert rows(said("use", "seattle", sunday().isoformat()))["room"] == ["0:00", "0:00", "closed"]


async def test_times_are_found_in_the_windows_of_the_patient(said: Said) -> None:
    windows = ("--window", "mon 09:00-12:00", "--window", "Wed 13:00-24:00")
    found = said("find", "phoenix", "--weeks", "2,1", *PATTERN, *windows)
    assert {rows(found)[number][0] for number in "123"} <= {"Mon", "Wed"}
    assert "nothing is taken yet" in found


async def test_without_times_it_tells_what_binds_and_what_fits(said: Said) -> None:
    mondays = ("--window", "mon 09:00-12:00")
    found = said("find", str(DENVER.clinic_id), "--weeks", "3", *PATTERN, *mondays)
    assert "no times at Halcyon Denver: patient windows" in found
    assert "Nearest pattern: Halcyon Denver, 1,1,1 a week" in found
    none = said("find", "denver", "--weeks", "1", *PATTERN, "--kap")
    assert "no free therapist" in none
    assert "no other clinic" in none
    refused = said("find", "denver", "--weeks", "0,1", *PATTERN, fails=True)
    assert refused.startswith("✗ INVALID_REQUEST")


async def test_a_board_is_followed(network: Network, said: Said, referral_id: str) -> None:
    first, series = starts(known := await series_of(network, referral_id))[0], known.series_id[:8]
    with following(network, "seattle", f"{first:%Y-%m-%d}") as lines:
        next(line for line in lines if series in line and "confirmed" in line)
        said("arrive", referral_id, "1")
        next(line for line in lines if series in line and "arrived" in line)
