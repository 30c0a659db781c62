"""How many calls may be in hand at once: who comes after that is told when to come again."""

import random
from datetime import timedelta
from typing import Any

from chassis.calls import Answer, Call, Middleware
from chassis.errors import Full

_OPERATORS = "halcyon.operations."


def admission(most: int) -> Middleware:
    """Refusing costs a tenth of answering, so what is admitted goes on at full speed.

    Operators are always let in, since they can end the crowd. A stream waits rather than works.
    """
    in_hand = 0

    async def admitted(call: Call, answer: Answer) -> Any:
        nonlocal in_hand
        if not call.method.unary or call.method.name.startswith(_OPERATORS):
            return await answer(call)
        if in_hand >= most:
            raise Full(timedelta(seconds=random.uniform(0.5, 1.5)))  # noqa: S311
        in_hand += 1
        try:
            return await answer(call)
        finally:
            in_hand -= 1

    return admitted
