"""What is wrong with a document: every problem at once, each with its path."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: where in the document, and what is wrong there."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class FhirError(ValueError):
    """The document is no referral; `problems` lists everything found, in order of discovery."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        count = len(problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the FHIR document")


class FhirUnavailable(RuntimeError):
    """The validator is not installed on this machine."""


class Findings:
    """The problems found so far, and the fields of our contract that they explain."""

    def __init__(self) -> None:
        self._problems: dict[Problem, None] = {}
        self._fields: set[str] = set()

    def add(self, path: str, message: str, field: str = "") -> None:
        """Note a problem; `field` is what our own contract would complain of because of it."""
        self._problems[Problem(path, message)] = None
        if field:
            self._fields.add(field)

    def explain(self, field: str) -> bool:
        """Whether a problem noted already is the cause of this field's fault."""
        return any(field == known or field.startswith(f"{known}.") for known in self._fields)

    def raise_any(self) -> None:
        """Refuse the document when anything was found."""
        if self._problems:
            raise FhirError(tuple(self._problems))
