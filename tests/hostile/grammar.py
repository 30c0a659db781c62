"""Messages made from their descriptors: mostly what contracts allow, sometimes what they do not."""

import random
import re
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from buf.validate.validate_pb2 import field as rules_of
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

MARK = "Zqxmark"
"""In every text we make up: it must come back from nowhere."""

Ids = Mapping[str, Sequence[UUID]]
"""The ids that exist, by the name of the field that holds such."""

_NASTY = (
    "",
    " ",
    "\x00",
    "\u202e\u200b\u0301" + MARK,
    f"{MARK}'; DROP TABLE referral; --",
    f"=cmd|'/c {MARK}'!A1",
    f"{MARK}\r\nforged: 1",
    "../../" + MARK,
    "halcyon.*.>",
    "$JS.API.>",
    "🦄" * 50,
    MARK * 600,
    "NaN",
    "1e999999999",
    "-0",
    "9" * 400,
    "2026-02-30",
    "0000-00-00",
    "9999-12-31T23:59:60Z",
    "{[<" * 40,
)
_EDGES = (0, 1, -1, 2, 7, 255, 1 << 15, (1 << 31) - 1, -(1 << 31))
_WIDE = ((1 << 63) - 1, -(1 << 63), 1 << 53, 253402300800)
_FLOATS = (0.0, -0.0, 1.5, float("nan"), float("inf"), float("-inf"), 1e308, 5e-324)
_DEPTH = 6


class Grammar:
    """A source of messages that remembers which ids exist; the same seed, the same messages."""

    def __init__(self, seed: str, ids: Ids | None = None, *, wild: float = 0.08) -> None:
        self.dice = random.Random(seed)
        self._ids, self._wild = ids or {}, wild
        self._every = [one for some in self._ids.values() for one in some]

    def message(self, of: Descriptor, depth: int = 0) -> Message:
        """One message; deep ones end early."""
        made: Message = GetMessageClass(of)()
        chosen = {self.dice.choice(oneof.fields).name for oneof in of.oneofs if oneof.fields}
        for field in of.fields:
            if field.containing_oneof is not None and field.name not in chosen:
                continue
            if not self._leaves_out(field, depth):
                self._fill(made, field, depth)
        return made

    def _leaves_out(self, field: FieldDescriptor, depth: int) -> bool:
        needed = field.GetOptions().Extensions[rules_of].required
        if field.message_type is not None and depth >= _DEPTH:
            return True
        return self.dice.random() < (self._wild / 4 if needed else 0.3)

    def _fill(self, made: Message, field: FieldDescriptor, depth: int) -> None:
        rules = field.GetOptions().Extensions[rules_of]
        if field.is_repeated:
            many = rules.repeated
            least = many.min_items
            most = min(many.max_items or 3, least + 3)
            count = 40 if self._goes_wild() else self.dice.randint(least, max(least, most))
            for _ in range(count):
                self._add(made, field, depth, many.items)
        elif field.message_type is not None:
            getattr(made, field.name).CopyFrom(self._part(field.message_type, depth))
        else:
            setattr(made, field.name, self._value(field, rules))

    def _add(self, made: Message, field: FieldDescriptor, depth: int, rules: Any) -> None:
        if field.message_type is None:
            getattr(made, field.name).append(self._value(field, rules))
        elif field.message_type.GetOptions().map_entry:
            key, value = field.message_type.fields_by_name.values()
            if value.message_type is None:
                getattr(made, field.name)[self._value(key, rules)] = self._value(value, rules)
        else:
            getattr(made, field.name).add().CopyFrom(self._part(field.message_type, depth))

    def _part(self, of: Descriptor, depth: int) -> Message:
        part = self.message(of, depth + 1)
        if of.full_name == "google.type.Date" and not self._goes_wild():
            year, month = self.dice.randint(1930, 2027), self.dice.randint(1, 12)
            part = GetMessageClass(of)(year=year, month=month, day=self.dice.randint(1, 28))
        elif of.full_name == "google.protobuf.Timestamp" and not self._goes_wild():
            part = GetMessageClass(of)(seconds=1_790_000_000 + self.dice.randint(-(10**7), 10**7))
        elif of.full_name == "google.protobuf.Duration" and not self._goes_wild():
            part = GetMessageClass(of)(seconds=self.dice.randint(0, 7200))
        return part

    def _value(self, field: FieldDescriptor, rules: Any) -> Any:
        kind = field.cpp_type
        if kind == field.CPPTYPE_STRING:
            text: str = self._text(field, rules.string)
            return text if field.type == field.TYPE_STRING else text.encode()
        if kind == field.CPPTYPE_ENUM:
            kinds: Any = field.enum_type
            known = [value.number for value in kinds.values]
            return self.dice.choice([0, 99, *known] if self._goes_wild() else known[1:] or known)
        if kind == field.CPPTYPE_BOOL:
            return rules.bool.const or self.dice.random() < 0.5
        if kind in {field.CPPTYPE_DOUBLE, field.CPPTYPE_FLOAT}:
            value = self.dice.choice(_FLOATS) if self._goes_wild() else self.dice.uniform(0, 300)
            return value if kind == field.CPPTYPE_DOUBLE else max(-3e38, min(3e38, value))
        return self._number(field, rules)

    def _number(self, field: FieldDescriptor, rules: Any) -> int:
        unsigned = field.cpp_type in {field.CPPTYPE_UINT32, field.CPPTYPE_UINT64}
        wide = field.cpp_type in {field.CPPTYPE_INT64, field.CPPTYPE_UINT64}
        if self._goes_wild():
            value = self.dice.choice(_EDGES + _WIDE if wide else _EDGES)
            return abs(value) if unsigned else value
        bounds = rules.int64 if wide else rules.int32
        low = bounds.gte or bounds.gt + bounds.HasField("gt")
        high = bounds.lte or (bounds.lt - 1 if bounds.HasField("lt") else 0)
        chosen: int = self.dice.randint(low, max(low, high or low + 1000))
        return chosen

    def _text(self, field: FieldDescriptor, rules: Any) -> str:
        if self._goes_wild():
            return str(self.dice.choice(_NASTY))
        if rules.uuid or field.name.endswith("_id"):
            return self._id(field.name)
        if rules.pattern:
            fitting: str = matching(rules.pattern, self.dice)[: rules.max_len or 200]
            return fitting
        text: str = (MARK + matching("[a-z]{1,20}", self.dice)) * (1 + rules.min_len // 8)
        return text[: int(rules.max_len) or None]

    def _id(self, name: str) -> str:
        """Mostly one that names such a thing, sometimes one that names another or nothing."""
        for known, odds in ((self._ids.get(name, ()), 0.8), (self._every, 0.3)):
            if known and self.dice.random() < odds:
                return str(self.dice.choice(known))
        return str(UUID(int=self.dice.getrandbits(128), version=4))

    def _goes_wild(self) -> bool:
        return self.dice.random() < self._wild


def matching(pattern: str, dice: random.Random) -> str:
    """A text that the pattern matches; enough of the syntax for the patterns of contracts."""
    text: str = "".join(_parts(parser.parse(pattern), dice))
    assert re.search(pattern, text), pattern
    return text


def _parts(tree: Any, dice: random.Random) -> list[str]:
    return [_one(str(op), about, dice) for op, about in tree]


def _one(op: str, about: Any, dice: random.Random) -> str:
    match op:
        case "LITERAL":
            return chr(about)
        case "IN":
            kind, value = dice.choice([one for one in about if str(one[0]) != "NEGATE"])
            if str(kind) == "RANGE":
                return chr(dice.randint(*value))
            return chr(value) if str(kind) == "LITERAL" else "7"
        case "MAX_REPEAT":
            low, high, part = about
            times = dice.randint(low, min(high, low + 6))
            return "".join("".join(_parts(part, dice)) for _ in range(times))
        case "SUBPATTERN":
            return "".join(_parts(about[-1], dice))
        case "BRANCH":
            return "".join(_parts(dice.choice(about[1]), dice))
        case "ANY" | "NOT_LITERAL" | "CATEGORY":
            return "7"
        case _:
            return ""
