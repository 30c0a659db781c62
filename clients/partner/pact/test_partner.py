"""What our client needs of Halcyon's messages, as a pact; run it in your house, without Halcyon.

`pip install pact-python==4.2.0 pytest "nats-py[nkeys]"`, then `pytest test_partner.py` here. Put
your own handler in the place of `handle`. It writes partner-halcyon.json, which Halcyon verifies.
"""

import importlib.util
import json
from pathlib import Path
from typing import Any

from pact import Pact, match

HERE = Path(__file__).parent
ANSWERED = "halcyon.referral.v1.MessageAnswered"
ADVANCED = "halcyon.referral.v1.ReferralAdvanced"
REFERRAL = "018f5f3e-7c1a-7000-8000-000000000001"


def _client() -> Any:
    found = importlib.util.spec_from_file_location("partner", HERE.parent / "partner.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


class _Message:
    """As much of a NATS message as the client looks at."""

    class metadata:  # noqa: N801
        """Where it stands in the feed."""

        class sequence:  # noqa: N801
            """Its position."""

            stream = 1

    def __init__(self, kind: str, data: bytes) -> None:
        self.headers, self.data = {"ce-type": kind}, data


def handle(body: str | bytes | None, metadata: dict[str, object]) -> None:
    """Our handler, as it is called by the feed."""
    data = body.encode() if isinstance(body, str) else body or b""
    _client().show(_Message(str(metadata["ce-type"]), data), "scheduled")


def test_what_we_need_of_halcyon() -> None:
    """Field by field what the client reads, and nothing that it does not."""
    pact = Pact("partner", "halcyon").with_specification("V4")
    answer = {
        "messageId": match.string("first-referral"),
        "outcome": match.regex(
            "MESSAGE_OUTCOME_ACCEPTED", regex="MESSAGE_OUTCOME_(ACCEPTED|REJECTED)"
        ),
        "referralId": match.uuid(REFERRAL),
    }
    step = {
        "referralId": match.uuid(REFERRAL),
        "number": match.regex("7", regex="[0-9]+"),
        "status": match.regex("REFERRAL_STATUS_SCHEDULED", regex="REFERRAL_STATUS_[A-Z_]+"),
        "transaction": match.regex("PCC-60", regex="PCC-[0-9]+"),
        "taskStatus": match.string("in-progress"),
        "businessStatus": match.string("appointment-booked"),
        "bserStatus": match.regex("5.1.1", regex="[0-9](\\.[0-9])*"),
    }
    for name, kind, body in (
        ("an accepted referral", ANSWERED, answer),
        ("a step of a referral", ADVANCED, step),
    ):
        told = pact.upon_receiving(name, "Async").with_body(body, "application/json")
        told.with_metadata({"ce-type": kind})
    pact.verify(handle, kind="Async")
    pact.write_file(HERE, overwrite=True)
    written = json.loads((HERE / "partner-halcyon.json").read_text())
    assert len(written["interactions"]) == 2
