"""What a partner says and hears, in AsyncAPI 3: `python -m tools.partnerapi write | check`.

`docs/partners.asyncapi.yaml` is made from the contracts and from the registry of what is read of
partners; the operations are a partner's. Facts of the house are in `docs/asyncapi.yaml`.
"""

import sys
from importlib import metadata
from typing import Any, cast

import yaml
from google.protobuf.descriptor import Descriptor

from chassis.accounts import INBOUND, PREFIX, Quotas
from halcyon.referral.v1 import partner_pb2 as partner
from services.referral.partners.reading import FHIR, HL7V2, JSON, KINDS, PROTOBUF
from tools.asyncapi import Part, Plain, all_comments, refer, schemas
from tools.examples import mapped
from tools.payloads import Comments
from tools.protos import ROOT

DOCUMENT = ROOT / "docs" / "partners.asyncapi.yaml"
SAID = tuple(cast("Descriptor", kind.DESCRIPTOR) for kind in KINDS.values())
_TOLD = (partner.MessageAnswered, partner.ReferralAdvanced)
HEARD = tuple(kind.DESCRIPTOR for kind in _TOLD)
_HEADERS: Part = {
    "type": "object",
    "description": "CloudEvents 1.0 in the binary mode of its NATS binding.",
    "required": ["ce-id", "ce-type", "ce-source", "ce-specversion"],
    "properties": {
        "ce-id": {"type": "string", "description": "With ce-source: the message, for ever."},
        "ce-source": {"type": "string"},
        "ce-type": {"type": "string", "description": "Full name of the contract of the data."},
        "ce-specversion": {"const": "1.0"},
        "ce-time": {"type": "string", "format": "date-time"},
        "ce-datacontenttype": {"enum": [JSON, FHIR, HL7V2, *PROTOBUF]},
        "ce-subject": {"type": "string", "description": "The referral: yours, ours in a feed."},
        "ce-sequence": {"type": "string", "description": "In a feed: the order in a referral."},
        "Nats-Msg-Id": {"type": "string", "description": "ce-id."},
    },
}


def document() -> Part:
    """The whole of it; the same contracts give the same document."""
    every, comments = [*SAID, *HEARD], all_comments()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Halcyon for partners",
            "version": metadata.version("halcyon-clinics"),
            "description": "Refer by events, and follow what becomes of it; see partners.md.",
            "license": {
                "name": "Apache-2.0",
                "url": "https://www.apache.org/licenses/LICENSE-2.0",
            },
        },
        "defaultContentType": JSON,
        "channels": {"inbound": _inbound(), "feed": _feed()},
        "operations": {
            "refer": {"action": "send", "channel": {"$ref": "#/channels/inbound"}},
            "follow": {"action": "receive", "channel": {"$ref": "#/channels/feed"}},
        },
        "components": {
            "messages": {one.name: _message(one, comments) for one in every},
            "messageTraits": {"cloudEvent": {"headers": _HEADERS}},
            "schemas": schemas(every, comments),
        },
    }


def _inbound() -> Part:
    quotas = Quotas()
    return {
        "address": INBOUND,
        "description": "What a partner says. Every message gets one MessageAnswered in the feed.",
        "messages": _listed(SAID),
        "x-retention": "until it is answered",
        "x-quotas": {
            "messageBytes": quotas.message_bytes,
            "waitingMessages": quotas.messages,
            "waitingBytes": quotas.bytes,
            "connections": quotas.connections,
        },
    }


def _feed() -> Part:
    return {
        "address": "partner.out.{account}",
        "parameters": {"account": {"description": "Public key of the partner's account."}},
        "description": "What a partner is told, at least once, in order for each referral.",
        "messages": _listed(HEARD),
        "x-retention": "30 days",
        "x-consumer": {
            "stream": "PARTNER-OUT-{name}",
            "durable": "{account}",
            "apiPrefix": PREFIX,
        },
    }


def _listed(messages: tuple[Descriptor, ...]) -> Part:
    return {one.name: {"$ref": f"#/components/messages/{one.name}"} for one in messages}


def _message(message: Descriptor, comments: Comments) -> Part:
    return {
        "name": message.full_name,
        "title": message.name,
        "summary": comments[message.full_name],
        "contentType": JSON,
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": {"$ref": refer(message)},
        "examples": [{"name": message.name, "payload": mapped(message)}],
    }


def rendered() -> str:
    """As it stands in the file."""
    head = "# Written by `make asyncapi` from proto/ and services/referral/partners/reading.py.\n"
    about: dict[str, Any] = {"sort_keys": False, "width": 120, "allow_unicode": True}
    text: str = yaml.dump(document(), Dumper=Plain, **about)
    return head + text


if __name__ == "__main__":
    if sys.argv[1] == "write":
        DOCUMENT.write_text(rendered())
    elif not DOCUMENT.exists() or DOCUMENT.read_text() != rendered():
        sys.exit(f"{DOCUMENT.name} is not what the contracts say; run `make asyncapi`.")
