"""The embedded servers keep what they acknowledged, and die with us."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import nats
import psutil
import pytest

from chassis.embedded import ServerFailed, Servers, embedded, remove
from chassis.embedded.binaries import runnable, wheel
from chassis.watchdog import alive

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "one"
    remove(tmp_path / "one")
    remove(tmp_path / "two")


@pytest.fixture
def servers(folder: Path) -> Iterator[Servers]:
    with embedded(folder) as servers:
        yield servers


async def ask(servers: Servers, query: str, database: str = "postgres") -> object:
    connection = await asyncpg.connect(servers.postgres.url(database))
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_a_database_is_created_once_and_answers(servers: Servers) -> None:
    servers.postgres.create_database("intake")
    servers.postgres.create_database("intake")
    assert await ask(servers, "select current_database()", "intake") == "intake"
    assert await ask(servers, "show fsync") == "on"
    assert await ask(servers, "show synchronous_commit") == "on"


async def test_rows_survive_a_crash_and_no_row_is_logged(servers: Servers) -> None:
    await ask(servers, "create table kept (name text primary key)")
    await ask(servers, "insert into kept values ('Jane Roe')")
    with pytest.raises(asyncpg.UniqueViolationError):
        await ask(servers, "insert into kept values ('Jane Roe')")
    before = servers.postgres.url()
    servers.postgres.kill()
    servers.postgres.start()
    assert servers.postgres.url() == before
    assert await ask(servers, "select count(*) from kept") == 1
    assert "Jane Roe" not in servers.postgres.log.read_text()


async def test_messages_survive_a_crash_and_clients_come_back(servers: Servers) -> None:
    back = asyncio.Event()

    async def reconnected() -> None:
        back.set()

    client = await nats.connect(
        servers.nats.url,
        user_credentials=str(servers.nats.credentials),
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.1,
        reconnected_cb=reconnected,
    )
    js = client.jetstream()
    await js.add_stream(name="FACTS", subjects=["facts.>"])
    await js.publish("facts.one", b"kept")
    servers.nats.kill()
    await asyncio.to_thread(servers.nats.start)
    await asyncio.wait_for(back.wait(), 10)
    subscription = await js.subscribe("facts.>", ordered_consumer=True)
    assert (await subscription.next_msg(timeout=10)).data == b"kept"
    await client.close()


async def test_two_of_them_live_side_by_side_and_start_again(folder: Path) -> None:
    with embedded(folder) as one, embedded(folder.with_name("two")) as two:
        one.postgres.create_database("intake")
        assert await ask(two, "select count(*) from pg_database where datname = 'intake'") == 0
    with embedded(folder) as one:
        assert await ask(one, "select 1", "intake") == 1


def test_a_server_that_fails_says_why(folder: Path) -> None:
    folder.mkdir()
    (folder / "nats").write_text("in the way")
    with pytest.raises(ServerFailed, match="nats did not start"), embedded(folder):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")
def test_private_folders_are_no_obstacle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(mode=0o700)
    with embedded(folder) as servers:
        servers.postgres.create_database("intake")
        assert (folder / "postgres.home").exists()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    tree = wheel()
    assert tree
    private = Path(shutil.copytree(tree, folder / tree.name))
    copy = runnable(private, "nobody")
    assert not copy.is_relative_to(folder)
    assert runnable(private, "nobody") == copy
    shutil.rmtree(copy.parent)


@pytest.mark.kill
def test_killing_the_parent_leaves_no_orphans_and_the_folder_is_free(folder: Path) -> None:
    parent, pids = start_parent(folder)
    assert all(alive(pid) for pid in pids)
    os.killpg(parent.pid, signal.SIGKILL)
    parent.communicate()
    with embedded(folder) as servers:
        servers.postgres.create_database("intake")
        assert not [pid for pid in pids if alive(pid)]


def start_parent(directory: Path) -> tuple["subprocess.Popen[str]", list[int]]:
    program = """
        import sys, time
        from pathlib import Path
        from chassis.embedded import embedded
        with embedded(Path(sys.argv[1])) as servers:
            print(servers.postgres.pid, servers.nats.pid, flush=True)
            time.sleep(60)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), directory],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 2
    below = [child.pid for pid in pids for child in psutil.Process(pid).children(recursive=True)]
    return parent, pids + below
