"""Every test of a house begins on the same Sunday morning, whatever the day is outside."""

import pytest

from chassis.testing import House
from services.scheduling.tests.examples import SUNDAY


@pytest.fixture(autouse=True)
def _sunday(request: pytest.FixtureRequest) -> None:
    if "house" in request.fixturenames:
        house: House = request.getfixturevalue("house")
        house.db.travel(SUNDAY - house.db.clock())
