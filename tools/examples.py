"""The golden examples: one JSON file of a fact, or of what partners say, beside its contract."""

from pathlib import Path
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.json_format import MessageToDict, Parse
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

PROTO = Path(__file__).resolve().parents[1] / "proto"
EXAMPLES = tuple(sorted(PROTO.glob("halcyon/*/events/v1/examples/*.json")))
"""Those of the facts."""


def example(fact: str) -> str:
    """The JSON of one fact, by its name."""
    (path,) = (path for path in EXAMPLES if path.stem == fact)
    return path.read_text()


def golden(message: Descriptor) -> Message:
    """The example of a message."""
    folder = PROTO.joinpath(*message.full_name.split(".")[:-1], "examples")
    return Parse((folder / f"{message.name}.json").read_text(), GetMessageClass(message)())


def mapped(message: Descriptor) -> dict[str, Any]:
    """The same in the JSON mapping of proto3."""
    return MessageToDict(golden(message))
