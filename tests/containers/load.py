"""Referrals at an even pace while something breaks: each is asked for until it is accepted."""

import asyncio
from types import TracebackType
from uuid import uuid4

from clients.network.seed import DemoClinic
from clients.sdk import Halcyon
from clients.sdk.errors import HalcyonError
from halcyon.referral.v1.referral_service_pb2 import CreateReferralRequest
from tests.flows import application, submit


class Load:
    """An async context manager: begins on entry, ends when everybody was accepted."""

    def __init__(self, doctor: Halcyon, clinic: DemoClinic, per_second: float = 20) -> None:
        self._doctor, self._clinic, self._pause = doctor, clinic, 1 / per_second
        self.accepted: list[str] = []
        self.failed: list[str] = []
        """Calls that failed for their caller, after the retries that the contract allows."""
        self._news, self._over = asyncio.Event(), asyncio.Event()

    async def __aenter__(self) -> "Load":
        self._running = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        await self._running

    async def more(self, count: int, patience: float = 120) -> None:
        """Wait until so many more were accepted."""
        enough = len(self.accepted) + count
        async with asyncio.timeout(patience):
            while len(self.accepted) < enough:
                self._news.clear()
                await self._news.wait()

    async def _run(self) -> None:
        run, number = uuid4(), 0
        async with asyncio.TaskGroup() as calls:
            while not self._over.is_set():
                calls.create_task(self._one(application(number, self._clinic, run)))
                number += 1
                try:
                    await asyncio.wait_for(self._over.wait(), self._pause)
                except TimeoutError:
                    continue

    async def _one(self, asked: CreateReferralRequest) -> None:
        try:
            reply = await self._doctor.referral.CreateReferral(asked)
            referral_id = reply.referral.referral_id
        except HalcyonError as error:
            self.failed.append(f"{type(error).__name__}: {error!r}")
            referral_id = await submit(self._doctor, asked)
        self.accepted.append(referral_id)
        self._news.set()
