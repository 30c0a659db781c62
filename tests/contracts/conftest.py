"""What AsyncAPI 3 says of a document."""

import gzip
import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

# From npm's @asyncapi/specs 6.11.1 (Apache-2.0): schemas/3.0.0-without-$id.json.
SPECIFICATION = Path(__file__).parent / "asyncapi-3.0.0.schema.json.gz"


@pytest.fixture(scope="module")
def specification() -> Draft7Validator:
    return Draft7Validator(json.loads(gzip.decompress(SPECIFICATION.read_bytes())))
