"""What is said on the bus, in AsyncAPI 3: `python -m tools.asyncapi write | check`.

`docs/asyncapi.yaml` is made from the contracts and the subscriptions. A fact is a channel whose
address is its NATS subject, a message in CloudEvents' binary mode, and an operation of whoever
states or hears it. Source: asyncapi.com/docs/reference/specification/v3.0.0.
"""

import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml
from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from tools.examples import mapped
from tools.factmap import Route, routes
from tools.payloads import Comments, comments_of, inside, schema
from tools.protos import PROTO, ROOT, image

DOCUMENT = ROOT / "docs" / "asyncapi.yaml"
Part = dict[str, Any]
_ABOUT = (
    "What the services of a network of infusion clinics tell each other, as facts on NATS "
    "JetStream. A fact is delivered at least once, in order for each entity, and names nobody."
)


def document() -> Part:
    """The whole of it; the same contracts give the same document."""
    facts, comments = list(routes()), all_comments()
    return {
        "asyncapi": "3.0.0",
        "info": _info(),
        "defaultContentType": "application/protobuf",
        "channels": {route.fact.name: _channel(route.fact, comments) for route in facts},
        "operations": dict(pair for route in facts for pair in _operations(route)),
        "components": {
            "messages": {route.fact.name: _message(route.fact, comments) for route in facts},
            "messageTraits": {"cloudEvent": {"headers": HEADERS}},
            "schemas": schemas([route.fact for route in facts], comments),
        },
    }


HEADERS: Part = {
    "type": "object",
    "description": "CloudEvents 1.0 in the binary mode of its NATS binding; traceparent is W3C's.",
    "required": ["ce-id", "ce-type", "ce-source", "ce-specversion", "ce-time", "Nats-Msg-Id"],
    "properties": {
        "ce-id": {"type": "string", "format": "uuid", "description": "The same fact, the same id."},
        "ce-type": {"type": "string", "description": "Full name of the message, as the subject."},
        "ce-source": {"type": "string", "description": "The service that states it."},
        "ce-specversion": {"const": "1.0"},
        "ce-datacontenttype": {"const": "application/protobuf"},
        "ce-time": {"type": "string", "format": "date-time"},
        "Nats-Msg-Id": {
            "type": "string",
            "description": "ce-id, by which the stream drops repeats.",
        },
        "traceparent": {"type": "string"},
    },
}


def _info() -> Part:
    return {
        "title": "Halcyon",
        "version": metadata.version("halcyon-clinics"),
        "description": _ABOUT,
        "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    }


def _channel(fact: Descriptor, comments: Comments) -> Part:
    message = {"$ref": f"#/components/messages/{fact.name}"}
    return {
        "address": fact.full_name,
        "description": comments[fact.full_name],
        "messages": {fact.name: message},
    }


def _operations(route: Route) -> list[tuple[str, Part]]:
    name, service = route.fact.name, route.fact.full_name.split(".")[1]
    about = {
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
    }
    states = (
        f"{service}.states{name}",
        {"action": "send", "summary": f"{service} states it"} | about,
    )
    hears = [
        (
            f"{who}.{does}.{name}",
            {"action": "receive", "summary": f"{who}: {does.replace('_', ' ')}"} | about,
        )
        for who, does in route.heard
    ]
    return [states, *hears]


def _message(fact: Descriptor, comments: Comments) -> Part:
    return {
        "name": fact.full_name,
        "title": fact.name,
        "summary": comments[fact.full_name],
        "contentType": "application/protobuf",
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": {"$ref": refer(fact)},
        "examples": [{"name": fact.name, "payload": mapped(fact)}],
    }


def schemas(facts: list[Descriptor], comments: Comments) -> Part:
    """The facts and what they are made of, in the JSON mapping of proto3."""
    every = {part.full_name: part for fact in facts for part in (fact, *inside(fact))}
    return {name: schema(part, comments, refer) for name, part in sorted(every.items())}


def refer(message: Descriptor) -> str:
    """Where its schema stands."""
    return f"#/components/schemas/{message.full_name}"


def all_comments() -> Comments:
    """What the contracts say of themselves."""
    with tempfile.TemporaryDirectory() as scratch:
        return comments_of(FileDescriptorSet.FromString(image(PROTO, Path(scratch)).read_bytes()))


def rendered() -> str:
    """As it stands in the file."""
    head = "# Written by `make asyncapi` from proto/ and services/*/handlers.py.\n"
    text: str = yaml.dump(document(), Dumper=Plain, sort_keys=False, width=120, allow_unicode=True)
    return head + text


class Plain(yaml.SafeDumper):
    """No anchors: each part is written out."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """Never an anchor."""
        return True


if __name__ == "__main__":
    if sys.argv[1] == "write":
        DOCUMENT.write_text(rendered())
    elif DOCUMENT.read_text() != rendered():
        sys.exit("docs/asyncapi.yaml is not what the contracts say; run `make asyncapi`.")
