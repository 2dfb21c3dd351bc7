"""An export task and its table."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.core.db import Table

ACTIVE = frozenset({"PENDING", "RUNNING", "PENDING_CANCEL"})
DEFAULT_PREFIX = "exportedlogs"


@dataclass
class ExportTask:
    """`from_ms` and `to_ms` both belong to the range."""

    account: str
    region: str
    id: str
    group_id: str
    group: str
    from_ms: int
    to_ms: int
    bucket: str
    prefix: str
    created_ms: int
    name: str | None = None
    stream_prefix: str = ""
    status: str = "PENDING"
    message: str | None = None
    completed_ms: int | None = None


TASKS = Table("logs_export_tasks", ExportTask, key=("account", "region", "id"))
