"""What a caller is told when something goes wrong, and what nobody is told."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
from grpc import StatusCode
from sqlalchemy import exc
from structlog.testing import capture_logs

from chassis.absence import BusAway
from chassis.faults import is_conflict, is_unavailable
from chassis.mishaps import DatabaseAway, told
from chassis.refusal import (
    AlreadyExists,
    Busy,
    Denied,
    Invalid,
    NotAllowed,
    NotFound,
    Refusal,
    Violation,
)
from chassis.tests.echo import Word, refused
from chassis.tests.edge import Edge, running_edge


@pytest.fixture(name="edge")
async def _edge(tmp_path: Path) -> AsyncIterator[Edge]:
    async with running_edge(tmp_path) as edge:
        yield edge


def _raising(*faults: Exception) -> Any:
    """Raises each fault once, then answers."""
    left = iter(faults)

    def act() -> None:
        if fault := next(left, None):
            raise fault

    return act


def _wrapped(cause: Exception, kind: type[exc.DBAPIError] = exc.DBAPIError) -> exc.DBAPIError:
    """As SQLAlchemy hands it on."""
    return kind("SELECT 'Jane Doe'", {"name": "Jane Doe"}, cause)


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (NotAllowed("REFERRAL_DECLINED", "Declined."), StatusCode.FAILED_PRECONDITION),
        (NotFound("NO_SUCH_REFERRAL", "None."), StatusCode.NOT_FOUND),
        (AlreadyExists("REFERRAL_EXISTS", "There."), StatusCode.ALREADY_EXISTS),
        (Denied("NOT_YOURS", "Not yours."), StatusCode.PERMISSION_DENIED),
        (Busy("TOO_BUSY", "Later."), StatusCode.UNAVAILABLE),
        (Invalid("BAD_DATE", "Bad."), StatusCode.INVALID_ARGUMENT),
    ],
)
async def test_a_refusal_is_a_status_with_its_reason(
    edge: Edge, refusal: Refusal, code: StatusCode
) -> None:
    edge.echo.acts["no"] = _raising(refusal)
    no = await refused(edge.client.say("no"))
    assert (no.code, no.message) == (code, refusal.message)
    assert (no.info.reason, no.info.domain) == (refusal.reason, "halcyon.echo")
    assert (no.retry.retry_delay.seconds > 0) == isinstance(refusal, Busy)


async def test_metadata_and_violations_arrive(edge: Edge) -> None:
    edge.echo.acts["meta"] = _raising(NotAllowed("HELD", "Held.", {"until": "noon"}))
    assert (await refused(edge.client.say("meta"))).info.metadata["until"] == "noon"
    faults = (Violation("birth_date", "In the future."), Violation("npi", "Wrong check digit."))
    edge.echo.acts["bad"] = _raising(Invalid("BAD", "Bad.", faults))
    shown = (await refused(edge.client.say("bad"))).bad.field_violations
    assert [(one.field, one.description) for one in shown] == [
        ("birth_date", "In the future."),
        ("npi", "Wrong check digit."),
    ]


async def test_a_thousand_violations_still_fit_in_the_headers(edge: Edge) -> None:
    faults = tuple(Violation(f"{i}" * 500, "x" * 500) for i in range(1000))
    edge.echo.acts["bad"] = _raising(Invalid("BAD", "Bad.", faults))
    no = await refused(edge.client.say("bad"))
    assert no.code is StatusCode.INVALID_ARGUMENT
    assert no.bad.field_violations


async def test_the_unexpected_says_nothing_of_itself(edge: Edge) -> None:
    edge.echo.acts["boom"] = _raising(ValueError("patient Jane Doe MRN 123"))
    with capture_logs() as logged:
        no = await refused(edge.client.say("boom"))
    assert (no.code, no.message, no.info.reason) == (
        StatusCode.INTERNAL,
        "Internal error.",
        "INTERNAL",
    )
    (line,) = logged
    assert line["error_id"] == no.info.metadata["error_id"]
    assert line["error_type"] == "ValueError"
    assert any("echo.py:" in frame for frame in line["frames"])
    assert "Jane" not in f"{logged}{no.info}{no.bad}"


async def test_a_refusal_within_a_stream_is_told_after_what_was_sent(edge: Edge) -> None:
    edge.echo.acts["no"] = _raising(NotFound("NOTHING", "Nothing."))
    replies = aiter(edge.client.chat("yes", "no"))
    assert (await anext(replies)).text == "ada:yes"
    assert (await refused(replies)).info.reason == "NOTHING"


async def test_a_handlers_own_abort_is_left_alone(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(request: Any, context: Any) -> None:
        await context.abort(StatusCode.DATA_LOSS, "gone")

    monkeypatch.setattr(edge.echo, "say", gone)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await anext(aiter(edge.client.repeat("gone")))
    assert (caught.value.code(), caught.value.details()) == (StatusCode.DATA_LOSS, "gone")


def _name(fault: Exception) -> str:
    return type(fault).__name__


RACES = [
    asyncpg.UniqueViolationError("Key (name)=(Jane Doe) already exists."),
    asyncpg.SerializationError("could not serialize"),
    asyncpg.DeadlockDetectedError("deadlock"),
    asyncpg.ExclusionViolationError("conflicting key"),
]


@pytest.mark.parametrize("race", [*RACES, *map(_wrapped, RACES)], ids=_name)
async def test_the_loser_of_a_race_runs_again(edge: Edge, race: Exception) -> None:
    assert is_conflict(race)
    edge.echo.acts["race"] = _raising(race, race)
    assert (await edge.client.say("race")).text == "ada:race"
    assert edge.echo.heard == ["race"] * 3


async def test_a_race_lost_three_times_is_a_conflict(edge: Edge) -> None:
    edge.echo.acts["race"] = _raising(*itertools.repeat(_wrapped(RACES[0]), 9))
    no = await refused(edge.client.say("race"))
    assert (no.code, no.info.reason) == (StatusCode.ABORTED, "CONFLICT")
    assert no.retry.retry_delay.seconds > 0
    assert edge.echo.heard == ["race"] * 3
    assert "Jane" not in f"{no.message}{no.info}"


async def test_concurrent_races_do_not_disturb_each_other(edge: Edge) -> None:
    for i in range(20):
        edge.echo.acts[f"race{i}"] = _raising(RACES[0], RACES[1])
    replies = await asyncio.gather(*(edge.client.say(f"race{i}") for i in range(20)))
    assert [reply.text for reply in replies] == [f"ada:race{i}" for i in range(20)]


async def test_a_stream_is_never_run_again(edge: Edge) -> None:
    edge.echo.acts["race"] = _raising(RACES[0])
    no = await refused(edge.client.repeat(Word(text="race")))
    assert (no.code, edge.echo.heard) == (StatusCode.ABORTED, ["race"])


@pytest.mark.parametrize(
    "absence",
    [
        ConnectionRefusedError("10.0.0.1"),
        ConnectionResetError(),
        OSError("Multiple exceptions: [Errno 111] ..."),
        asyncpg.ConnectionDoesNotExistError("closed in the middle"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.AdminShutdownError("terminating"),
        asyncpg.TooManyConnectionsError("full"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError(
            "cannot switch to state 11; another operation (6) is in progress"
        ),
        exc.TimeoutError("QueuePool limit"),
        _wrapped(Exception("gone"), exc.OperationalError),
        _wrapped(asyncpg.ConnectionDoesNotExistError("closed")),
    ],
    ids=_name,
)
async def test_a_database_that_is_away_is_unavailable(edge: Edge, absence: Exception) -> None:
    edge.echo.acts["away"] = _raising(absence)
    no = await refused(edge.client.say("away"))
    assert (no.code, no.info.reason) == (StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
    assert no.retry.retry_delay.seconds > 0
    assert edge.echo.heard == ["away"]


async def test_a_broker_that_is_away_is_unavailable(edge: Edge) -> None:
    edge.echo.acts["away"] = _raising(BusAway())
    no = await refused(edge.client.say("away"))
    assert (no.code, no.info.reason) == (StatusCode.UNAVAILABLE, "BROKER_UNAVAILABLE")
    assert no.retry.retry_delay.seconds > 0


@pytest.mark.parametrize(
    "bug",
    [
        KeyError("x"),
        FileNotFoundError("template"),
        asyncpg.InterfaceError("the server expects 2 arguments"),
        asyncpg.UndefinedColumnError("no such column"),
        _wrapped(asyncpg.ForeignKeyViolationError("x"), exc.IntegrityError),
    ],
    ids=_name,
)
def test_a_bug_is_neither_a_race_nor_an_absence(bug: Exception) -> None:
    assert not is_conflict(bug)
    assert not is_unavailable(bug)
    assert not isinstance(told(bug), DatabaseAway)


def test_a_line_told_to_end_while_idle_is_an_absence() -> None:
    """asyncpg's own state is off then, and it says so in a class of its own."""
    error = asyncpg.InternalClientError("cannot switch to state 11; another operation (6) is on")
    assert isinstance(told(error), DatabaseAway)
