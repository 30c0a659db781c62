"""Files that are whole or not there, and private from their first byte."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile


def write(path: Path, content: bytes, mode: int = 0o600, *, replace: bool = True) -> None:
    """Without `replace`, of two processes that begin together the first one's file is kept."""
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
        os.fchmod(file.fileno(), mode)
    part = Path(file.name)
    if replace:
        part.replace(path)
        return
    try:
        path.hardlink_to(part)
    except FileExistsError:
        pass
    finally:
        part.unlink()
