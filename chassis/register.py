"""Handlers by name: one for each, said with a decorator."""

from collections.abc import Callable
from typing import Generic, TypeVar

H = TypeVar("H")


class Register(Generic[H]):
    """`@register("name")` above the one function that handles that name."""

    def __init__(self) -> None:
        self._by_name: dict[str, H] = {}

    def __call__(self, name: str) -> Callable[[H], H]:
        """Handle this name; a second handler is a mistake."""

        def listen(handler: H) -> H:
            if name in self._by_name:
                raise ValueError(f"{name} has a handler already")
            self._by_name[name] = handler
            return handler

        return listen

    def __getitem__(self, name: str) -> H:
        return self._by_name[name]

    def __len__(self) -> int:
        return len(self._by_name)

    @property
    def names(self) -> list[str]:
        """Every name handled."""
        return sorted(self._by_name)
