"""From answers to a total and a band, and from two totals to a change; never a float."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from chassis.refusal import Invalid, Violation
from services.intake.domain.scale import Scale

_HALF = Fraction(1, 2)
Answers = Mapping[int, int]


class Outcome(Enum):
    """What became of the patient since the baseline."""

    UNKNOWN = "unknown"
    NO_RESPONSE = "no_response"
    RESPONSE = "response"
    REMISSION = "remission"


@dataclass(frozen=True, slots=True)
class Rating:
    """A scored questionnaire; an instrument that adds nothing up has no total."""

    total: int | None
    band: str
    prorated: bool = False
    alerts: tuple[int, ...] = ()
    """Items whose answer asks for action whatever the total is."""


def score(scale: Scale, answers: Answers) -> Rating:
    """The rating of a whole questionnaire, or all its faults at once."""
    if faults := tuple(_faults(scale, answers)):
        raise Invalid("INVALID_ANSWERS", "The answers do not make a score.", faults)
    alerts = tuple(
        alert.item for alert in scale.alerts if answers.get(alert.item, 0) >= alert.at_least
    )
    if not scale.adds_up:
        return Rating(None, _level(scale, answers), alerts=alerts)
    worst = [max(given) for given in _by_group(scale, answers) if given]
    prorated = len(worst) < len(scale.groups)
    total = int(Fraction(sum(worst) * len(scale.groups), len(worst)) + _HALF)
    return Rating(total, scale.band(total), prorated, alerts)


def rated(scale: Scale, total: int) -> Rating:
    """The rating of a total that somebody else has added up."""
    if not (scale.adds_up and total <= scale.highest_total):
        fault = Violation("total", f"must be a total of {scale.name}")
        raise Invalid("INVALID_ANSWERS", "The total is not one of this scale.", (fault,))
    return Rating(total, scale.band(total))


def percent_change(baseline: int, current: int) -> Fraction | None:
    """How much of the baseline has gone; above 0 is better, and of nothing nothing can go."""
    return Fraction(100 * (baseline - current), baseline) if baseline else None


def outcome(scale: Scale, baseline: int | None, current: int) -> Outcome:
    """Remission needs no baseline, response does."""
    if scale.remission_at_most is not None and current <= scale.remission_at_most:
        return Outcome.REMISSION
    if baseline is None or (change := percent_change(baseline, current)) is None:
        return Outcome.UNKNOWN
    if scale.response_percent is not None:
        responded = change >= scale.response_percent
    elif scale.response_points is not None:
        responded = baseline - current >= scale.response_points
    else:
        return Outcome.UNKNOWN
    return Outcome.RESPONSE if responded else Outcome.NO_RESPONSE


def _level(scale: Scale, answers: Answers) -> str:
    reached = {item for item, answer in answers.items() if answer}
    return [level.name for level in scale.levels if not level.items or level.items & reached][-1]


def _by_group(scale: Scale, answers: Answers) -> Iterator[list[int]]:
    for group in scale.groups:
        yield [answers[item] for item in group if item in answers]


def _faults(scale: Scale, answers: Answers) -> Iterator[Violation]:
    for item, answer in answers.items():
        if not 1 <= item <= scale.item_count:
            yield Violation(f"answers[{item}]", f"must be an item from 1 to {scale.item_count}")
        elif not 0 <= answer <= scale.highest_answer:
            yield Violation(f"answers[{item}]", f"must lie between 0 and {scale.highest_answer}")
    for item, other in scale.implied.items():
        if answers.get(item) and not answers.get(other):
            yield Violation(f"answers[{item}]", f"contradicts the answer to item {other}")
    missing = set(_missing(scale, answers))
    tolerated = scale.missing.at_most if not missing & scale.missing.never else 0
    if len(missing) > tolerated:
        for item in sorted(missing):
            yield Violation(f"answers[{item}]", "is missing")


def _missing(scale: Scale, answers: Answers) -> Iterator[int]:
    rules = scale.missing
    excused = {item for either in rules.either if either & answers.keys() for item in either}
    for item, gate in (rules.unless or {}).items():
        if answers.get(gate) == 0:
            excused.add(item)
    yield from (
        item
        for item in range(1, scale.item_count + 1)
        if item not in answers and item not in excused
    )
