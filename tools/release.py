"""What every later build must still read: `python -m tools.release v0.1.0` keeps the contracts.

A release is a folder of `proto/released/`: `contracts.binpb`, against which `buf breaking` judges
what comes after it, and `facts.json`, every fact as it was then: its bytes and what they meant.
"""

import base64
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.json_format import MessageToDict

from tools.examples import golden
from tools.factmap import SERVICES, facts_of
from tools.protos import PROTO, image

RELEASED = PROTO / "released"
_VERSION = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


class Kept(NamedTuple):
    """One fact of one release."""

    release: str
    name: str
    """Full name of the message, which is also its subject."""
    data: bytes
    meaning: dict[str, object]
    """The same in the JSON mapping of proto3."""


def releases() -> list[Path]:
    """The kept releases, oldest first."""
    found = {path: _VERSION.fullmatch(path.name) for path in RELEASED.glob("v*")}
    numbered = {path: tuple(map(int, match.groups())) for path, match in found.items() if match}
    return sorted(numbered, key=lambda path: numbered[path])


def corpus() -> Iterator[Kept]:
    """Every fact of every release."""
    for release in releases():
        for name, kept in json.loads((release / "facts.json").read_text()).items():
            yield Kept(release.name, name, base64.b64decode(kept["data"]), kept["meaning"])


def keep(version: str) -> Path:
    """Keep today's contracts and the golden example of each fact; a release is never rewritten."""
    if not _VERSION.fullmatch(version):
        sys.exit(f"{version} is no version: v<major>.<minor>.<patch>")
    folder = RELEASED / version
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        contracts = FileDescriptorSet.FromString(image(PROTO, Path(scratch)).read_bytes())
    for file in contracts.file:
        file.ClearField("source_code_info")
    (folder / "contracts.binpb").write_bytes(contracts.SerializeToString(deterministic=True))
    facts = json.dumps(dict(sorted(_today())), indent=1, sort_keys=True)
    (folder / "facts.json").write_text(facts + "\n")
    return folder


def _today() -> Iterator[tuple[str, dict[str, object]]]:
    for fact in (fact for service in SERVICES for fact in facts_of(service)):
        message = golden(fact)
        data = base64.b64encode(message.SerializeToString(deterministic=True)).decode()
        yield fact.full_name, {"data": data, "meaning": MessageToDict(message)}


if __name__ == "__main__":
    print(keep(sys.argv[1]))
