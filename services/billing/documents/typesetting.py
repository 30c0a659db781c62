"""From data to PDF/A: a template of this folder, filled in."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

_FOLDER = Path(__file__).parent


def pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """The document; what is not in the data is not on the page."""
    made = typst.compile(
        str(_FOLDER / f"{template}.typ"),
        root=str(_FOLDER),
        format="pdf",
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=["a-2b"],
        ignore_system_fonts=True,
    )
    assert isinstance(made, bytes)
    return made


def money(minor_units: int, currency_code: str) -> str:
    """Dollars and cents, with their sign and their currency."""
    return f"{amount(minor_units)} {currency_code}"


def amount(minor_units: int) -> str:
    """The same where the currency is said once for all."""
    whole, cents = divmod(abs(minor_units), 100)
    sign = "-" if minor_units < 0 else ""
    return f"{sign}{whole:,}.{cents:02d}"
