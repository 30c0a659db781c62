"""What a document says of its own parts."""

from typing import Any

from jsonschema import Draft7Validator, FormatChecker


def judge_of(document: dict[str, Any], part: str) -> Draft7Validator:
    """The schema of one part of a document, which may refer to others."""
    whole = {"$ref": part, "components": document["components"]}
    return Draft7Validator(whole, format_checker=FormatChecker())
