"""What every test of intake may use."""

import pytest

from chassis.testing import House
from services.intake.tests.practice import Practice


@pytest.fixture
def practice(house: House) -> Practice:
    return Practice(house)
