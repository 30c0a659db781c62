"""The accounts of the broker: one for Halcyon's services, one for each partner.

A partner's account is an empty room with a few doors. Each door is a service that Halcyon's
account exports only to the account whose own key stands in the subject, so that no claim, not
even a wrongly signed one, opens another partner's door. Nothing else crosses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chassis.claims import Seed, public, signed
from chassis.permits import Permits

INBOUND = "halcyon.in"
"""Where a partner publishes, in its own words; it lands on `partner.in.<its account>`."""
PREFIX = "halcyon"
"""The JetStream API as a partner sees it: $JS.API, reduced to its own consumer."""

_JETSTREAM = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}
_UNBOUNDED = {"subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "conn": -1}
_VERBS = {"MSG.NEXT": "Stream", "INFO": "Singleton", "RESET": "Singleton"}
"""What a partner may do with its own consumer: pull, see its backlog, go back to a position."""


@dataclass(frozen=True, slots=True)
class Quotas:
    """What one partner may use; what is waiting to be read counts, not what was read."""

    connections: int = 4
    subscriptions: int = 64
    leaf_nodes: int = 1
    message_bytes: int = 256 * 1024
    messages: int = 10_000
    bytes: int = 64 * 1024 * 1024
    feed_messages: int = 1_000_000
    feed_bytes: int = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner as the broker knows it."""

    name: str
    account: str
    quotas: Quotas = field(default_factory=Quotas)

    @property
    def inbound_stream(self) -> str:
        """What it said and we have not answered yet."""
        return f"PARTNER-IN-{self.name}"

    @property
    def inbound_subject(self) -> str:
        """Where its messages land; nobody else can publish there."""
        return f"partner.in.{self.account}"

    @property
    def feed_stream(self) -> str:
        """What we have to say to it."""
        return f"PARTNER-OUT-{self.name}"

    @property
    def feed_subject(self) -> str:
        """Where we say it; nobody else can read there."""
        return f"partner.out.{self.account}"


def operator(seed: Seed, system: str) -> str:
    """The operator's own claim."""
    return signed(seed, public(seed), "halcyon", {"type": "operator", "system_account": system})


def system_account(issuer: Seed, account: str) -> str:
    """The account that manages accounts."""
    return signed(issuer, account, "system", _account({**_UNBOUNDED, "leaf": 0}))


def halcyon_account(issuer: Seed, account: str) -> str:
    """Halcyon's own account, and the doors that it opens to partners."""
    doors = [_export("partner.in.*", "Singleton", 3), _export("$JS.ACK.*.*.>", "Singleton", 4)]
    for verb, answer in _VERBS.items():
        subject = f"$JS.API.CONSUMER.{verb}.*.*"
        doors.append(_export(subject, answer, subject.count(".") + 1))
    limits = {**_UNBOUNDED, "leaf": -1, **_JETSTREAM}
    return signed(issuer, account, "halcyon", _account(limits, exports=doors))


def partner_account(
    issuer: Seed, halcyon: str, partner: Partner, revoked: Mapping[str, int]
) -> str:
    """A partner's account: its doors, its quotas, and whose credentials no longer hold."""
    quotas = partner.quotas
    limits = {
        **_UNBOUNDED,
        "conn": quotas.connections,
        "subs": quotas.subscriptions,
        "leaf": quotas.leaf_nodes,
        "payload": quotas.message_bytes,
    }
    doors = [_import(halcyon, remote, local) for local, remote in _doors(partner).items()]
    about = _account(limits, imports=doors, revocations=dict(revoked))
    return signed(issuer, partner.account, partner.name, about)


def partner_user(account: Seed, user: str, partner: Partner) -> str:
    """A partner's user: allowed what its account offers, and nothing else."""
    return signed(
        account,
        user,
        partner.name,
        {
            "type": "user",
            "pub": {"allow": list(_doors(partner))},
            "sub": {"allow": ["_INBOX.>"]},
            "subs": -1,
            "data": -1,
            "payload": -1,
        },
    )


def service_user(account: Seed, user: str, name: str, permitted: Permits) -> str:
    """A service of ours: allowed its own words, its own consumer and its own inbox."""
    return signed(
        account,
        user,
        name,
        {
            "type": "user",
            "pub": {"allow": list(permitted.publish)},
            "sub": {"allow": list(permitted.listen)},
            "subs": -1,
            "data": -1,
            "payload": -1,
        },
    )


def trusted_user(account: Seed, user: str, name: str) -> str:
    """A user of ours."""
    return signed(account, user, name, {"type": "user", "subs": -1, "data": -1, "payload": -1})


def reception(durable: str) -> Sequence[str]:
    """What the service says that reads what partners say, and tells them what becomes of it."""
    return (
        "partner.out.*",
        "$JS.API.STREAM.INFO.*",
        "$JS.API.CONSUMER.INFO.*.*",
        f"$JS.API.CONSUMER.MSG.NEXT.*.{durable}",
        f"$JS.ACK.*.{durable}.>",
    )


def _doors(partner: Partner) -> dict[str, str]:
    """What a partner may publish to, and where it lands."""
    stream, account = partner.feed_stream, partner.account
    acks = f"$JS.ACK.{stream}.{account}.>"
    verbs = {
        f"{PREFIX}.CONSUMER.{verb}.{stream}.{account}": (
            f"$JS.API.CONSUMER.{verb}.{stream}.{account}"
        )
        for verb in _VERBS
    }
    return {INBOUND: partner.inbound_subject, acks: acks, **verbs}


def _account(limits: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "account", "limits": {**limits, "wildcards": True}, **more}


def _export(subject: str, answer: str, position: int) -> dict[str, Any]:
    return {
        "name": subject,
        "subject": subject,
        "type": "service",
        "response_type": answer,
        "account_token_position": position,
    }


def _import(account: str, remote: str, local: str) -> dict[str, Any]:
    return {
        "name": local,
        "subject": remote,
        "local_subject": local,
        "account": account,
        "type": "service",
    }
