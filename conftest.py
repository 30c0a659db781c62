"""Every test may use the fixtures of chassis/testing.py."""

pytest_plugins = ["chassis.testing"]
