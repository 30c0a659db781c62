"""What a payment gateway is asked for, and what it may answer."""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from services.billing.domain.money import Money


@dataclass(frozen=True, slots=True)
class Charge:
    """What a gateway is asked for; the payment's id is the key that makes it once."""

    payment_id: UUID
    amount: Money
    reference: str = ""
    """The gateway's own name of the payment, once it has told us."""
    key: UUID | None = None
    """The key under which a part goes back; the payment's own when there is none."""
    online: bool = True
    """Whether the gateway has it: what came over the desk goes back over the desk."""
    card: str = ""
    """The card on file that it is taken from while nobody is there; none when the payer is."""


@dataclass(frozen=True, slots=True)
class Collected:
    """The money is ours."""

    reference: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """The gateway keeps a card, and charges it under this name."""

    reference: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The money will not come, for a coded reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The money was not taken, and will not be under this key."""


@dataclass(frozen=True, slots=True)
class Refunded:
    """The money has gone back."""


@dataclass(frozen=True, slots=True)
class ActionNeeded:
    """The payer must do something first, such as 3-D Secure; `action` says where or with what."""

    action: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class NeverAsked:
    """The gateway has never heard of this key."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say yet: the truth must be asked for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Something the gateway says has happened: believed only so far that we ask."""

    event_id: str
    gateway: str
    kind: str
    payment_id: UUID | None
    """None when it is about nothing that we asked for."""
    reference: str = ""
    """The gateway's own name of the payment, when it does not say ours."""
    is_dispute: bool = False
    """Whether it says that a bank took money back, or has decided about it."""


Standing: TypeAlias = Collected | Declined | Cancelled | ActionNeeded
"""Where the gateway says that a payment stands."""
Outcome: TypeAlias = Standing | Refunded | NeverAsked | Unknown
