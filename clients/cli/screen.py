"""The terminal: one console for what was asked, one for what went wrong."""

from rich.console import Console

_OUT = Console(highlight=False)
_ERR = Console(stderr=True, highlight=False)


def console() -> Console:
    """Where answers go; follows a redirected standard output."""
    _OUT.file = None  # type: ignore[assignment]
    return _OUT


def show(*what: object) -> None:
    """Print an answer."""
    _OUT.print(*what)


def complain(line: str) -> None:
    """Print one line of an error."""
    _ERR.print(f"[red]✗[/] {line}", soft_wrap=True)
