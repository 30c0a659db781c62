"""Every fact in every shape it ever had: `python -m tools.corpus release | check`.

`release` adds to tests/contracts/corpus/ what today's examples say, as bytes, under the version in
pyproject.toml. What is there is never changed: a stream keeps facts longer than a release lives.
"""

import base64
import json
import sys
import tomllib
from pathlib import Path
from typing import TypeAlias

from google.protobuf.json_format import MessageToDict, Parse
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tools.factmap import SERVICES, facts_of

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "contracts" / "corpus"
Shape: TypeAlias = dict[str, object]


def version() -> str:
    """The version being built."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def shapes() -> dict[str, Shape]:
    """Each fact's golden example: its bytes, and what was read from them when it was released."""
    found = {}
    for service in SERVICES:
        folder = ROOT / "proto" / "halcyon" / service / "events" / "v1" / "examples"
        for fact in facts_of(service):
            text = (folder / f"{fact.name}.json").read_text()
            message = Parse(text, GetMessageClass(fact)())
            data = message.SerializeToString(deterministic=True)
            found[fact.full_name] = {
                "data": base64.b64encode(data).decode(),
                "said": said(message),
            }
    return found


def said(message: Message) -> Shape:
    """What a reader makes of it."""
    return MessageToDict(message, preserving_proto_field_name=True)


def decoded(name: str, shape: Shape) -> Shape:
    """What today's build reads from the bytes of then."""
    known = {fact.full_name: fact for service in SERVICES for fact in facts_of(service)}
    if name not in known:
        return {}
    kind = GetMessageClass(known[name])
    return said(kind.FromString(base64.b64decode(str(shape["data"]))))


def released() -> dict[str, dict[str, Shape]]:
    """Everything in the corpus, by version."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(CORPUS.glob("*.json"))}


def misread() -> list[str]:
    """What an old fact said and today's build does not read."""
    return [
        f"{release}: {name}"
        for release, facts in released().items()
        for name, shape in facts.items()
        if not _within(shape["said"], decoded(name, shape))
    ]


def _within(old: object, new: object) -> bool:
    """Everything said then is said now; a later build may read more."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(name in new and _within(value, new[name]) for name, value in old.items())
    return old == new


def release() -> None:
    """Once for each version, before it is tagged."""
    path = CORPUS / f"{version()}.json"
    if path.exists():
        sys.exit(f"{path} is released already: raise the version in pyproject.toml")
    path.write_text(json.dumps(shapes(), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    if sys.argv[1] == "release":
        release()
    elif faults := misread():
        sys.exit("Today's build misreads " + ", ".join(faults))
