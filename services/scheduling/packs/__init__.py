"""The numbers of scheduling as data: read once, each with the source it came from."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.scheduling.domain import Policy

_PACK = Path(__file__).with_name("policy.yaml")


@cache
def policy() -> Policy:
    """The policy in force."""
    pack: dict[str, Any] = yaml.safe_load(_PACK.read_text())
    rules = {name: int(rule["value"]) for name, rule in pack["rules"].items()}
    return Policy(pack=f"{pack['name']}@{pack['version']}", **rules)
