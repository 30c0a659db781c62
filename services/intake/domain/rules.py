"""The screening rules of a pack, indexed so that a code costs a few look-ups."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

MEASURES = frozenset(
    {
        "age_years",
        "bmi",
        "phq9_score",
        "phq9_item9",
        "systolic",
        "diastolic",
        "heart_rate",
        "oxygen_saturation",
        "respiratory_rate",
        "escort_available",
        "failed_trials",
        "lorazepam_equivalent_micrograms",
    }
)
"""What a rule may measure; anything not known of a patient raises nothing."""


class Severity(IntEnum):
    """How strongly a finding speaks against treatment."""

    INFORMATION = 1
    RELATIVE = 2
    ABSOLUTE = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """One screening rule: raised by a code in the history or by a measure out of bounds."""

    rule_id: str
    severity: Severity
    finding: str
    source: str = ""
    icd10: tuple[str, ...] = ()
    icd10_except: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    in_history: bool = True
    in_allergies: bool = False
    measure: str | None = None
    at_least: int | None = None
    below: int | None = None
    only_for: tuple[str, ...] = ()
    """Indications that a measure counts for; all when empty."""
    action: str = ""
    """What the staff does about it."""
    second_reviewer: bool = False
    """Whether another specialist must agree too."""

    def is_broken_by(self, value: int) -> bool:
        """Whether a measure lies where the rule speaks."""
        high = self.at_least is None or value >= self.at_least
        low = self.below is None or value < self.below
        return high and low

    def counts_for(self, indication_code: str) -> bool:
        """Whether the rule speaks of patients with this indication."""
        plain = indication_code.replace(".", "").upper()
        return not self.only_for or plain.startswith(self.only_for)


@dataclass(frozen=True)
class Place:
    """Where a code stands matters: allergic to a drug is not taking it."""

    rules: tuple[Rule, ...]

    def raised_by_icd10(self, code: str) -> Iterable[str]:
        """Rules that name the code or a category above it."""
        plain = code.strip().upper().replace(".", "")
        for length in range(1, min(len(plain), self._longest) + 1):
            for rule in self._icd10.get(plain[:length], ()):
                if not plain.startswith(rule.icd10_except):
                    yield rule.rule_id

    def raised_by_code(self, code: str) -> Iterable[str]:
        """Rules that name the pack's own code; a hyphen is an underscore."""
        return [rule.rule_id for rule in self._codes.get(_plain(code), ())]

    @cached_property
    def _icd10(self) -> Mapping[str, tuple[Rule, ...]]:
        return _by_word((word, rule) for rule in self.rules for word in rule.icd10)

    @cached_property
    def _codes(self) -> Mapping[str, tuple[Rule, ...]]:
        return _by_word((word, rule) for rule in self.rules for word in rule.codes)

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._icd10), default=0)


@dataclass(frozen=True)
class Rules:
    """All rules of a pack, and the code systems they can read."""

    icd10_systems: frozenset[str]
    code_systems: frozenset[str]
    unread: Rule
    """Raised by a code of any other system: nobody has judged it."""
    listed: tuple[Rule, ...]
    classes: Mapping[str, tuple[str, ...]]
    """The classes of each drug that the pack knows."""

    def named(self, rule_ids: Iterable[str]) -> tuple[Rule, ...]:
        """The rules behind ids, in the order given."""
        return tuple([self._by_id[rule_id] for rule_id in rule_ids])

    def raised_by(self, code: str, place: Place) -> Iterable[str]:
        """Rules that a `system|code` raises in its place."""
        system, _, value = code.rpartition("|")
        match system.strip().lower():
            case name if name in self.icd10_systems and value.strip():
                return place.raised_by_icd10(value)
            case name if name in self.code_systems and value.strip():
                return self._raised_by_drug(value, place)
            case _:
                return (self.unread.rule_id,)

    def _raised_by_drug(self, code: str, place: Place) -> Iterable[str]:
        """A drug raises what its classes raise."""
        for word in (code, *self.classes.get(_plain(code), ())):
            yield from place.raised_by_code(word)

    def in_order(self, rule_ids: Collection[str]) -> tuple[Rule, ...]:
        """Each rule once, as the pack lists them."""
        return tuple([rule for rule in self._by_id.values() if rule.rule_id in rule_ids])

    @property
    def ids(self) -> Collection[str]:
        """Every rule's id."""
        return self._by_id.keys()

    @cached_property
    def history(self) -> Place:
        """Conditions and medications."""
        return Place(tuple(rule for rule in self.listed if rule.in_history))

    @cached_property
    def allergies(self) -> Place:
        """Allergies."""
        return Place(tuple(rule for rule in self.listed if rule.in_allergies))

    @cached_property
    def measuring(self) -> Mapping[str, tuple[Rule, ...]]:
        """Rules about a measure, by its name."""
        return _by_word((rule.measure, rule) for rule in self.listed if rule.measure)

    @cached_property
    def _by_id(self) -> Mapping[str, Rule]:
        return {rule.rule_id: rule for rule in (self.unread, *self.listed)}


def _plain(code: str) -> str:
    return code.strip().lower().replace("-", "_")


def _by_word(pairs: Iterable[tuple[str, Rule]]) -> Mapping[str, tuple[Rule, ...]]:
    found: dict[str, tuple[Rule, ...]] = {}
    for word, rule in pairs:
        found[word] = (*found.get(word, ()), rule)
    return found
