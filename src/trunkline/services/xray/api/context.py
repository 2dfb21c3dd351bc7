"""What every operation of the service works with."""

from __future__ import annotations

from trunkline.aws.service import Kit
from trunkline.engines.telemetry import Telemetry


class Context:
    def __init__(self, kit: Kit, telemetry: Telemetry) -> None:
        self._kit = kit
        self._db = kit.db
        self._clock = kit.clock
        self._telemetry = telemetry
