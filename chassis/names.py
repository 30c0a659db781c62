"""Every telemetry name the platform uses, typed: another name is a type error."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias, get_args

Attribute: TypeAlias = Literal[
    "error.type",
    "halcyon.deadline.name",
    "halcyon.entity_id",
    "halcyon.errand.name",
    "halcyon.partner",
    "halcyon.referral_id",
    "halcyon.flow.state",
    "messaging.batch.message_count",
    "messaging.consumer.group.name",
    "messaging.destination.name",
    "messaging.message.id",
    "messaging.operation.name",
    "messaging.operation.type",
    "messaging.system",
    "rpc.method",
    "rpc.response.status_code",
    "rpc.system.name",
]
Attributes: TypeAlias = Mapping[Attribute, str | int]

Recorded: TypeAlias = Literal[
    "halcyon.deadlines.lateness",
    "halcyon.deadlines.met",
    "halcyon.emergency.grants",
    "halcyon.errands.done",
    "halcyon.facts.parked",
    "halcyon.partner.conflicts",
    "messaging.client.consumed.messages",
    "messaging.client.operation.duration",
    "messaging.client.sent.messages",
    "messaging.process.duration",
    "rpc.client.call.duration",
    "rpc.server.call.duration",
]
Observed: TypeAlias = Literal[
    "halcyon.consumer.ack_pending",
    "halcyon.consumer.lag",
    "halcyon.deadlines.overdue",
    "halcyon.errands.waiting",
    "halcyon.flows",
    "halcyon.flows.age",
    "halcyon.held",
    "halcyon.outbox.age",
    "halcyon.outbox.waiting",
    "halcyon.parked",
    "halcyon.partner.backlog",
    "halcyon.partner.waiting",
    "halcyon.stream.missing",
    "halcyon.stream.phantom",
    "halcyon.stream.unsound",
]


class Instrument(NamedTuple):
    """What a measurement means; seconds are histograms, the rest are counters or gauges."""

    unit: str
    description: str


RECORDED: Mapping[Recorded, Instrument] = {
    "halcyon.deadlines.lateness": Instrument("s", "From a deadline's moment to its effect."),
    "halcyon.deadlines.met": Instrument("{deadline}", "Deadlines met: holds ended, alerts raised."),
    "halcyon.emergency.grants": Instrument("{grant}", "Times the glass was broken."),
    "halcyon.errands.done": Instrument("{errand}", "Errands carried out."),
    "halcyon.facts.parked": Instrument("{message}", "Facts put aside for a person."),
    "halcyon.partner.conflicts": Instrument("{message}", "Messages that reused a source and id."),
    "messaging.client.consumed.messages": Instrument("{message}", "Facts taken from the stream."),
    "messaging.client.operation.duration": Instrument("s", "Time to publish or to take a batch."),
    "messaging.client.sent.messages": Instrument("{message}", "Facts the stream has taken."),
    "messaging.process.duration": Instrument("s", "Time to handle one batch of facts."),
    "rpc.client.call.duration": Instrument("s", "Time of a call made."),
    "rpc.server.call.duration": Instrument("s", "Time of a call answered."),
}
OBSERVED: Mapping[Observed, Instrument] = {
    "halcyon.consumer.ack_pending": Instrument("{message}", "Facts taken and not yet settled."),
    "halcyon.consumer.lag": Instrument("{message}", "Facts in the stream not yet taken."),
    "halcyon.deadlines.overdue": Instrument("{deadline}", "Deadlines past due and not yet met."),
    "halcyon.errands.waiting": Instrument("{errand}", "Errands asked for and not yet done."),
    "halcyon.flows": Instrument(
        "{flow}", "Flows that are not over, by the state of the service's own entity."
    ),
    "halcyon.flows.age": Instrument("s", "How long the oldest flow is in each state."),
    "halcyon.held": Instrument("{message}", "Facts held back by a pause."),
    "halcyon.outbox.age": Instrument("s", "Age of the oldest fact not yet published."),
    "halcyon.outbox.waiting": Instrument("{message}", "Facts not yet published."),
    "halcyon.parked": Instrument("{message}", "Facts waiting for a person."),
    "halcyon.partner.backlog": Instrument(
        "{message}", "What each partner has yet to read of its feed."
    ),
    "halcyon.partner.waiting": Instrument("{message}", "What a partner said and waits for."),
    "halcyon.stream.missing": Instrument("{message}", "Published facts that the stream lacks."),
    "halcyon.stream.phantom": Instrument("{message}", "Facts in the stream that nobody stated."),
    "halcyon.stream.unsound": Instrument(
        "1", "1 when the stream or our consumer is lost or behind."
    ),
}

ATTRIBUTES: frozenset[str] = frozenset(get_args(Attribute))
