"""A container engine without containers, for tests and for machines without Docker."""

from trunkline.engines.containers.fake.driver import FakeContainers
from trunkline.engines.containers.fake.machine import FakeMachine

__all__ = ["FakeContainers", "FakeMachine"]
