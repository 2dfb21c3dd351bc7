"""An image registry: OCI distribution 1.1 on local disk. `interface.py` says what the engine promises."""

from pathlib import Path

from trunkline.core.clock import Clock
from trunkline.core.db import Database
from trunkline.engines.registry.driver import FileRegistry
from trunkline.engines.registry.interface import Registry

__all__ = ["Registry", "open_registry"]


def open_registry(data_dir: Path, db: Database, clock: Clock) -> Registry:
    """The engine over `data_dir/registry`; `start` it before use."""
    return FileRegistry(data_dir / "registry", db, clock)
