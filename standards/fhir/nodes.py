"""A document as elements that know their path; what is missing or misshapen reads as empty."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from standards.fhir.codes import Code


@dataclass(frozen=True, slots=True)
class Node:
    """One element of a FHIR document."""

    path: str
    value: object = None

    def __bool__(self) -> bool:
        return self.value is not None

    def get(self, name: str) -> "Node":
        """A child by its name; an empty one when there is none."""
        found = self.value.get(name) if isinstance(self.value, dict) else None
        return Node(f"{self.path}.{name}", found)

    def all(self, name: str) -> list["Node"]:
        """Every repetition of a child."""
        children = self.get(name)
        if not isinstance(children.value, list):
            return []
        return [Node(f"{children.path}[{n}]", one) for n, one in enumerate(children.value)]

    def first(self, name: str) -> "Node":
        """The first repetition of a child; an empty one when there is none."""
        return next(iter(self.all(name)), Node(f"{self.path}.{name}"))

    def text(self, name: str) -> str:
        """A child's text, trimmed; '' when there is none."""
        found = self.get(name).value
        return found.strip() if isinstance(found, str) else ""

    def number(self, name: str) -> Decimal | None:
        """A child's number."""
        found = self.get(name).value
        if isinstance(found, bool) or not isinstance(found, int | float | Decimal):
            return None
        return Decimal(str(found))

    def codes(self, name: str) -> list[Code]:
        """The codes of a child that is a CodeableConcept."""
        codings = self.get(name).all("coding")
        pairs = [(coding.text("system"), coding.text("code")) for coding in codings]
        return [(system, code) for system, code in pairs if system and code]

    def extension(self, url: str) -> "Node":
        """The extension with that address."""
        found = (one for one in self.all("extension") if one.text("url") == url)
        return next(found, Node(f"{self.path}.extension"))


@dataclass(frozen=True, slots=True)
class Resource(Node):
    """One resource of a bundle, with the addresses by which others refer to it."""

    full_url: str = ""

    @property
    def kind(self) -> str:
        """Its resourceType."""
        return self.text("resourceType")

    def is_called(self, reference: str) -> bool:
        """Whether the reference means this resource."""
        relative = f"{self.kind}/{self.text('id')}" if self.text("id") else ""
        return reference != "" and reference in (self.full_url, relative)


class Bundle:
    """A bundle's resources by kind and by reference."""

    def __init__(self, document: object) -> None:
        self.root = Node("Bundle", document)
        self._resources = [
            Resource(entry.get("resource").path, entry.get("resource").value, entry.text("fullUrl"))
            for entry in self.root.all("entry")
        ]

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._resources)

    def of(self, kind: str) -> list[Resource]:
        """Every resource of one kind, in the order of the bundle."""
        return [one for one in self._resources if one.kind == kind]

    def find(self, reference: Node) -> Resource:
        """What a Reference points to; an empty resource when it is not in the bundle."""
        address = reference.text("reference")
        found = (one for one in self._resources if one.is_called(address))
        return next(found, Resource(reference.path))
