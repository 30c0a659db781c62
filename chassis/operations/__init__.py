"""What the person on call may ask of any service; answered by the chassis in each."""

from chassis.operations.api import NAME, Operable, answer

__all__ = ["NAME", "Operable", "answer"]
