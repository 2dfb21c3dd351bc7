"""What a worker can do, by name. A name's module is loaded when it is first asked for: none needs all libraries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def _ask(spill: Path, memory_mb: int, params: Any) -> Any:
    from trunkline.engines.telemetry.worker.asking import ask

    return ask(spill, memory_mb, params)


def _page(_spill: Path, _memory_mb: int, params: Any) -> Any:
    from trunkline.engines.telemetry.worker.pages import page

    return page(params)


def _buckets(spill: Path, memory_mb: int, params: Any) -> Any:
    from trunkline.engines.telemetry.worker.buckets import buckets

    return buckets(spill, memory_mb, params)


def _compact(_spill: Path, _memory_mb: int, params: Any) -> Any:
    from trunkline.engines.telemetry.worker.compacting import compact

    return compact(params)


def _merge_logs(_spill: Path, _memory_mb: int, params: Any) -> Any:
    from trunkline.engines.telemetry.worker.merging import merge_logs

    return merge_logs(params)


def _merge_samples(_spill: Path, _memory_mb: int, params: Any) -> Any:
    from trunkline.engines.telemetry.worker.merging import merge_samples

    return merge_samples(params)


OPERATIONS: dict[str, Callable[[Path, int, Any], Any]] = {
    "ask": _ask,
    "page": _page,
    "buckets": _buckets,
    "compact": _compact,
    "merge_logs": _merge_logs,
    "merge_samples": _merge_samples,
}
LONG = frozenset({"compact", "merge_logs", "merge_samples"})
"""Worth giving back first what earlier calls have left in the heap."""
