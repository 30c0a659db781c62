"""How the command ends when it cannot do what was asked: one clear line, exit code 1."""

from typing import Any

import typer
from google.protobuf.json_format import ParseError
from rich.markup import escape
from typer.core import TyperGroup

from clients.cli.screen import complain
from clients.journey import Unfinished
from clients.network import NetworkFailed, NotRunning
from clients.sdk import HalcyonError
from standards.fhir import FhirError, FhirUnavailable

EXPECTED = (
    HalcyonError,
    FhirError,
    FhirUnavailable,
    ParseError,
    NetworkFailed,
    NotRunning,
    Unfinished,
)


class Polite(TyperGroup):
    """Runs a command; an expected error is told, anything else is a bug and shows its traceback."""

    def invoke(self, ctx: Any) -> Any:
        """The command's own result, or exit code 1."""
        try:
            return super().invoke(ctx)
        except EXPECTED as fault:
            complain(*told(fault))
            raise typer.Exit(1) from None


def told(fault: Exception) -> list[str]:
    """The reason on one line, then one line for each violation."""
    if isinstance(fault, HalcyonError):
        known = ", ".join(f"{name}: {value}" for name, value in fault.metadata.items())
        line = f"[bold]{escape(fault.reason)}[/] {escape(fault.message)}"
        line += f" ({escape(known)})" if known else ""
        return [line, *(f"  {escape(v.field)}: {escape(v.description)}" for v in fault.violations)]
    if isinstance(fault, FhirError):
        return [escape(str(fault)), *(f"  {escape(str(problem))}" for problem in fault.problems)]
    return [escape(str(fault))]
