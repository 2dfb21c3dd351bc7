"""What a worker must know of hot slices and cold files to answer a question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trunkline.engines.telemetry.cold import logs as cold_logs
from trunkline.engines.telemetry.cold.manifest import Manifest
from trunkline.engines.telemetry.holdings import View
from trunkline.engines.telemetry.interface import LogScan


def prepare(manifest: Manifest, view: View, scans: Mapping[str, LogScan]) -> tuple[dict[str, Any], int, int]:
    """The question's scans and the files it may open; cold records and bytes that it will look at."""
    found: dict[str, Any] = {}
    paths: set[str] = set()
    records = size = 0
    for name, scan in scans.items():
        files, some, some_bytes = cold_logs.scan(manifest, view.files, scan)
        records, size = records + some, size + some_bytes
        paths.update(path for path, _ in files)
        found[name] = {
            **scan._asdict(),
            "hot": [(str(slice_.path), slice_.start_s) for slice_ in view.hot],
            "cold": files,
        }
    return {"scans": found, "files": sorted(paths)}, records, size
