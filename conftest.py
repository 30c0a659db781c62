"""Every test may use the fixtures of chassis/testing.py."""

from hypothesis import settings

pytest_plugins = ["chassis.testing"]

# How long an example takes is the machine's load; a test has the runner's time limit.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")
