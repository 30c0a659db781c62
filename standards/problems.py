"""What is wrong with a document: every problem at once, each with its path."""

from dataclasses import dataclass
from typing import ClassVar

import protovalidate
from google.protobuf.message import Message


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: where in the document, and what is wrong there."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class DocumentError(ValueError):
    """The document is no referral; `problems` lists everything found, in order of discovery."""

    kind: ClassVar[str] = ""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        count = len(problems)
        plural = "s" if count != 1 else ""
        super().__init__(f"{count} problem{plural} in the {self.kind} document")


class Findings:
    """The problems found so far, and the fields of our contract that they explain."""

    def __init__(self, raises: type[DocumentError]) -> None:
        self._raises = raises
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

    def check(self, request: Message) -> None:
        """Hold what was read against our own contract; refuse when anything is wrong."""
        for violation in protovalidate.collect_violations(request):
            field = _field(violation)
            if not self.explain(field):
                self.add(field, violation.proto.message)
        self.raise_any()

    def raise_any(self) -> None:
        """Refuse the document when anything was found."""
        if self._problems:
            raise self._raises(tuple(self._problems))


def _field(violation: protovalidate.Violation) -> str:
    path = violation.proto.field
    return ".".join(element.field_name for element in path.elements) if path else "request"
