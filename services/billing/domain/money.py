"""Money is whole minor units of one currency; nothing here ever rounds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An exact amount."""

    minor_units: int
    currency_code: str = "USD"

    def __bool__(self) -> bool:
        return self.minor_units != 0

    def times(self, quantity: int) -> "Money":
        """So many of it."""
        return Money(self.minor_units * quantity, self.currency_code)

    def after(self, parts: int, count: int) -> "Money":
        """What is left after some of `count` even parts; the last part takes the remainder."""
        left = self.minor_units - self.minor_units // count * parts if parts < count else 0
        return Money(left, self.currency_code)

    def part(self, number: int, count: int) -> "Money":
        """Part `number`, from 1, of `count` even parts."""
        left = self.after(number, count).minor_units
        return Money(self.after(number - 1, count).minor_units - left, self.currency_code)
