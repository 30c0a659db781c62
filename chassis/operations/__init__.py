"""What the person on call may ask of any service; answered by the chassis in each."""

from chassis.operations.api import NAME, answer
from chassis.operations.operable import Operable

__all__ = ["NAME", "Operable", "answer"]
