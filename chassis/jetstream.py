"""Streams and their consumers: looked at, and made where they may be."""

import json
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import cycle, islice

from nats.aio.client import Client
from nats.js.api import ConsumerConfig, ConsumerInfo, DiscardPolicy, StreamConfig
from nats.js.errors import BadRequestError, NotFoundError
from nats.js.manager import JetStreamManager

from chassis.absence import BusAway, answered
from chassis.consumers import STREAM, SUBJECTS, hearing, readers_of


class JetStream:
    """What a service asks of the broker beside facts; every answer that fails is a BusAway."""

    def __init__(
        self, wire: Callable[[], Client], name: str, *, ack_wait: float, replicas: int, binds: bool
    ) -> None:
        """Who only binds finds streams and consumers, and makes none (chassis/streams.py does)."""
        self._wire = wire
        self._ack_wait, self._replicas, self._binds = ack_wait, replicas, binds
        readers = readers_of(name)
        self._readers = cycle(random.sample(readers, len(readers)))
        self._most = len(readers)

    def manager(self) -> JetStreamManager:
        """The library's own, for what is rare."""
        return self._wire().jsm()

    async def provision(self, name: str = STREAM, subjects: Sequence[str] = SUBJECTS) -> None:
        """The stream, if it is not there: kept by limits, refusing rather than forgetting."""
        with answered():
            try:
                await self.manager().stream_info(name)
            except NotFoundError:
                if self._binds:
                    raise
                await self.manager().add_stream(self._kept(name, subjects))

    async def subscribe(self, stream: str, durable: str, subjects: Iterable[str]) -> None:
        """The durable consumer of these subjects."""
        with answered():
            if self._binds:
                await self.manager().consumer_info(stream, durable)
                return
            config = hearing(durable, subjects, self._ack_wait)
            await self.manager().add_consumer(stream, config)

    async def reader(self, stream: str, config: ConsumerConfig) -> ConsumerInfo:
        """A reader of what `config` says, under the name of ours that was free for longest."""
        for name in islice(self._readers, self._most):
            subject = f"$JS.API.CONSUMER.CREATE.{stream}.{name}.{config.filter_subject}"
            chosen = config.evolve(name=name, description=self._wire().new_inbox()).as_dict()
            wanted = {"stream_name": stream, "config": chosen, "action": "create"}
            with suppress(BadRequestError):
                made = await self.manager()._api_request(subject, json.dumps(wanted).encode(), 5)
                return ConsumerInfo.from_response(made)  # type: ignore[no-any-return]
        raise BusAway

    async def begin_anew(self, stream: str, durable: str) -> None:
        """Whoever reads by this consumer reads everything again; one that is gone reads nothing."""
        with answered(), suppress(NotFoundError):
            if self._binds:
                subject = f"$JS.API.CONSUMER.RESET.{stream}.{durable}"
                await self.manager()._api_request(subject, b'{"seq": 1}', timeout=5)
            else:
                await self.manager().delete_consumer(stream, durable)

    async def store(self, subject: str, data: bytes, headers: dict[str, str]) -> None:
        """Publish one message and wait until a stream holds it."""
        with answered():
            await self._wire().jetstream().publish(subject, data, headers=headers, timeout=5)

    async def unread(self, stream: str, durable: str) -> int:
        """How much a durable consumer has yet to read or to acknowledge."""
        with answered():
            found = await self.manager().consumer_info(stream, durable)
        return (found.num_pending or 0) + (found.num_ack_pending or 0)

    async def held(self, stream: str) -> int:
        """How many messages a stream holds."""
        with answered():
            return int((await self.manager().stream_info(stream)).state.messages)

    def _kept(self, name: str, subjects: Sequence[str]) -> StreamConfig:
        return StreamConfig(
            name=name,
            subjects=list(subjects),
            discard=DiscardPolicy.NEW,
            max_age=30 * 24 * 3600,
            duplicate_window=120,
            allow_atomic=True,
            num_replicas=self._replicas,
        )
