"""The door to CP-SAT: it cannot share our protobuf, so it runs in a process of its own."""

import asyncio
import json
from pathlib import Path

from chassis.refusal import NotAllowed
from services.scheduling.config import SchedulingSettings
from services.scheduling.domain import Days

_SCRIPT = Path(__file__).with_name("best_days.py")
_STARTING = 20
"""Seconds that an interpreter and ortools take to start on a busy machine, at most."""


async def improved(days: Days) -> list[int]:
    """The start of each session that may move, in the best days that CP-SAT found in its time."""
    settings = SchedulingSettings()
    if not settings.python:
        raise NotAllowed("OPTIMISER_MISSING", "CP-SAT is not set up here; see `make cpsat`.")
    asked = json.dumps({**days.as_document(), "seconds": settings.seconds}).encode()
    try:
        async with asyncio.timeout(settings.seconds + _STARTING):
            found: list[int] | None = json.loads(await _run(settings.python, asked))
    except (OSError, TimeoutError, ValueError):
        found = None
    if found is None:
        raise NotAllowed("OPTIMISER_FAILED", "CP-SAT found nothing in its time.")
    return found


async def _run(python: str, asked: bytes) -> bytes:
    process = await asyncio.create_subprocess_exec(
        python, "-I", str(_SCRIPT), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        told, _ = await process.communicate(asked)
    finally:
        if process.returncode is None:
            process.kill()
    return told
