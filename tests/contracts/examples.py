"""The golden example of each fact, one JSON file beside its contract."""

from pathlib import Path

PROTO = Path(__file__).resolve().parents[2] / "proto" / "halcyon"
EXAMPLES = tuple(sorted(PROTO.glob("*/events/v1/examples/*.json")))


def example(fact: str) -> str:
    """The JSON of one fact, by its name."""
    (path,) = (path for path in EXAMPLES if path.stem == fact)
    return path.read_text()
