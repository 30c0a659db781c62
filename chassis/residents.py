"""Who lives in services/: a folder that can be run is a service."""

from pathlib import Path

SERVICES = Path(__file__).resolve().parent.parent / "services"


def discovered() -> tuple[str, ...]:
    """Every one, by name."""
    return tuple(sorted(path.parent.name for path in SERVICES.glob("*/__main__.py")))
