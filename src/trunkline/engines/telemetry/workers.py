"""The processes of a store: started when first needed, ended when idle; stores in one process may share them."""

from __future__ import annotations

from pathlib import Path

from trunkline.engines.telemetry.asking import Asking
from trunkline.engines.telemetry.worker.client import Worker

_READER_MB = 64
_READER_IDLE_S = 300.0
_COMPACTOR_IDLE_S = 5.0


class Workers:
    """One for short reads of cold data, one for compaction, and a pool for questions: none waits for another kind."""

    def __init__(self, spill: Path) -> None:
        self.reader = Worker(spill / "reader", memory_mb=_READER_MB, idle_s=_READER_IDLE_S)
        self.compactor = Worker(spill / "compactor", memory_mb=_READER_MB, idle_s=_COMPACTOR_IDLE_S)
        self.asking = Asking(spill)

    def close(self) -> None:
        self.compactor.close()
        self.asking.close()
        self.reader.close()
