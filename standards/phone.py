"""Telephone numbers as people write them, read as E.164."""

import re

_PUNCTUATION = re.compile(r"^tel:|[\s().-]")
_NORTH_AMERICAN = re.compile(r"[2-9]\d{9}")


def digits(written: str) -> str:
    """Without what only separates; a plus sign stays."""
    return _PUNCTUATION.sub("", written)


def e164(written: str) -> str:
    """Ten digits alone are a number of the North American plan; anything else is as it is told."""
    number = digits(written)
    return f"+1{number}" if _NORTH_AMERICAN.fullmatch(number) else number
