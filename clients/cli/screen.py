"""The terminal: one console for what was asked, one for what went wrong."""

import shutil

from rich.console import Console

_WIDTH = shutil.get_terminal_size((100, 40)).columns
console = Console(highlight=False, width=_WIDTH)
_errors = Console(stderr=True, highlight=False, width=_WIDTH)


def show(*what: object) -> None:
    """Print an answer."""
    console.print(*what)


def complain(line: str) -> None:
    """Print one line of an error."""
    _errors.print(f"[red]✗[/] {line}", soft_wrap=True)
