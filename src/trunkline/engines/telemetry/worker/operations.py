"""What a worker can do, by name. A name's module is loaded when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def _ask(spill: Path, memory_mb: int, params: Any) -> Any:
    from trunkline.engines.telemetry.worker.asking import ask

    return ask(spill, memory_mb, params)


OPERATIONS: dict[str, Callable[[Path, int, Any], Any]] = {"ask": _ask}
