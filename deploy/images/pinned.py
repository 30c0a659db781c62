"""Print the requirement of one package, as pyproject.toml pins it."""

import sys
import tomllib
from itertools import chain
from pathlib import Path


def pinned(pyproject: str, name: str) -> str:
    """The one line of all dependencies that pins this package."""
    project = tomllib.loads(pyproject)["project"]
    lines = chain(project["dependencies"], *project["optional-dependencies"].values())
    return next(str(line) for line in lines if line.startswith(f"{name}=="))


if __name__ == "__main__":
    print(pinned(Path(sys.argv[1]).read_text(), sys.argv[2]))
