"""The terminal: one console for what was asked, one for what went wrong."""

import shutil

from rich.console import Console

_WIDTH = shutil.get_terminal_size((100, 40)).columns
console = Console(highlight=False, width=_WIDTH)
_errors = Console(stderr=True, highlight=False, width=_WIDTH)


def show(*what: object) -> None:
    """Print an answer."""
    console.print(*what)


def step(who: str, what: str) -> None:
    """Tell one step of a story, and who took it."""
    show(f"  [bold]{who:>10}[/]  {what}")


def complain(first: str, *more: str) -> None:
    """Print an error: its one line, and what belongs to it below."""
    _errors.print(f"[red]✗[/] {first}", soft_wrap=True)
    for line in more:
        _errors.print(line, soft_wrap=True)
