"""Where a cluster may live: PostgreSQL refuses root, so another account must get there."""

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

from chassis.children import as_account
from chassis.embedded.starting import ServerFailed

_ACCOUNT = "nobody"


def account() -> str | None:
    """Who PostgreSQL runs as: an account without rights when we are root, else who we are."""
    return _ACCOUNT if os.geteuid() == 0 else None


def cluster_home(directory: Path) -> Path:
    """The folder that holds, or will hold, the cluster of a network's folder."""
    return home_of(directory, account())


def home_of(base: Path, user: str | None) -> Path:
    """The folder of the cluster: below `base` when the account gets there, else named in it."""
    pointer = base / "postgres.home"
    if pointer.exists():
        home = Path(pointer.read_text())
    elif (base / "postgres").exists() or reaches(base, user):
        home = base / "postgres"
    else:
        key = hashlib.sha256(os.fsencode(base)).hexdigest()[:16]
        home = open_folder(user) / f"halcyon-{key}"
        pointer.write_text(str(home))
    home.mkdir(mode=0o711, exist_ok=True)
    must_be_ours(home)
    if not reaches(home, user):
        raise ServerFailed(f"{user} cannot reach {home}: open its parent folders (chmod o+x)")
    return home


def open_folder(user: str | None) -> Path:
    """A temporary folder that the account can get to; a private TMPDIR is not."""
    for folder in (Path("/var/tmp"), Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108
        if folder.is_dir() and reaches(folder, user):
            return folder
    raise ServerFailed(f"{user} can reach no temporary folder")


def must_be_ours(folder: Path) -> None:
    """Others may write beside it in a shared folder; they must not have been there first."""
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise ServerFailed(f"{folder} must be a folder of ours that nobody else may write")


def reaches(folder: Path, user: str | None) -> bool:
    """Whether the account gets into the folder; we get into our own."""
    return user is None or passes('test -x "$0"', folder, user)


def passes(question: str, path: Path, user: str) -> bool:
    """Ask the system itself, as the account; it knows of owners, groups and access lists."""
    command = ["/bin/sh", "-c", question, str(path)]
    try:
        asked = subprocess.run(
            command, cwd="/", capture_output=True, check=False, **as_account(user)
        )
    except KeyError:
        raise ServerFailed(f"PostgreSQL refuses root, and there is no account {user}") from None
    return asked.returncode == 0
