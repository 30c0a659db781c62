"""How many calls may be in hand at once: who comes after that is told when to come again."""

import random
from datetime import timedelta
from typing import Any

from chassis.calls import Answer, Call, Middleware
from chassis.errors import Full

_OPERATORS = "halcyon.operations."


def admission(most: int, streams: int) -> Middleware:
    """Refusing costs a tenth of answering, so what is admitted goes on at full speed.

    Operators are always let in, since they can end the crowd. A stream waits rather than works, and
    has room of its own.
    """
    room = {True: most, False: streams}

    async def admitted(call: Call, answer: Answer) -> Any:
        if call.method.name.startswith(_OPERATORS):
            return await answer(call)
        unary = call.method.unary
        if room[unary] <= 0:
            raise Full(timedelta(seconds=random.uniform(0.5, 1.5)))  # noqa: S311
        room[unary] -= 1
        try:
            return await answer(call)
        finally:
            room[unary] += 1

    return admitted
