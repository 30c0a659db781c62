"""The envelope and the grammar of X12: segments, elements, and the characters that part them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

ELEMENT, COMPONENT, REPETITION, END = "*", ":", "^", "~"
_FORBIDDEN = str.maketrans(dict.fromkeys(f"{ELEMENT}{COMPONENT}{REPETITION}{END}", " "))


def segment(*elements: str | Sequence[str]) -> str:
    """One segment; empty elements at its end are left out, separators inside a text are blanked."""
    written = [_element(one) for one in elements]
    while written and not written[-1]:
        written.pop()
    return ELEMENT.join(written) + END


def text(words: str, most: int) -> str:
    """A text as receivers take it: capitals, no accents lost in transit, cut to its length."""
    plain = words.upper().translate(_FORBIDDEN).encode("ascii", "replace").decode()
    return " ".join(plain.split())[:most].strip()


def interchange(
    transaction: Iterable[str], sender: str, receiver: str, control: int, at: datetime
) -> str:
    """One transaction set in one group in one interchange."""
    number, body = f"{control % 10**9:09}", list(transaction)
    heads = [
        segment(
            "ISA", "00", " " * 10, "00", " " * 10, "ZZ", f"{sender:<15.15}", "ZZ",
            f"{receiver:<15.15}", f"{at:%y%m%d}", f"{at:%H%M}", REPETITION, "00501", number,
            "0", "P", (COMPONENT,),
        ),
        segment(
            "GS", "HC", sender[:15], receiver[:15], f"{at:%Y%m%d}", f"{at:%H%M}",
            str(int(number)), "X", _VERSION,
        ),
        segment("ST", "837", "0001", _VERSION),
    ]  # fmt: skip
    tails = [
        segment("SE", str(len(body) + 2), "0001"),
        segment("GE", "1", str(int(number))),
        segment("IEA", "1", number),
    ]
    return "\n".join([*heads, *body, *tails]) + "\n"


_VERSION = "005010X222A1"


def _element(one: str | Sequence[str]) -> str:
    if isinstance(one, str):
        return one
    parts = list(one)
    while parts and not parts[-1]:
        parts.pop()
    return COMPONENT.join(parts)
