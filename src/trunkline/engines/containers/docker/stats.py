"""Counters of a running container, read from its cgroup: Docker's own call takes a second.

Both cgroup versions occur. Where the files cannot be seen (the engine runs in a virtual machine), the caller falls back
to the engine's one-shot statistics.
"""

import time
from pathlib import Path
from typing import Any

from trunkline.engines.containers.model import Stats

_ROOT = Path("/sys/fs/cgroup")
_UNLIMITED = 1 << 60


def from_cgroup(pid: int, container_id: str, root: Path = _ROOT, proc: Path = Path("/proc")) -> Stats | None:
    """None when the files are not there or belong to something else."""
    try:
        lines = (proc / str(pid) / "cgroup").read_text().splitlines()
    except OSError:
        return None
    groups = {}
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            groups[controller] = path
    # A pid of another machine's engine may be some local process.
    if not any(container_id in path for path in groups.values()):
        return None
    try:
        if "memory" in groups:
            return _v1(root, groups)
        return _v2(root / groups[""].lstrip("/"))
    except (OSError, KeyError, ValueError):
        return None


def _v1(root: Path, groups: dict[str, str]) -> Stats:
    memory = root / "memory" / groups["memory"].lstrip("/")
    cpu = root / "cpuacct" / groups["cpuacct"].lstrip("/")
    detail = _table(memory / "memory.stat")
    limit = int((memory / "memory.limit_in_bytes").read_text())
    used = int((memory / "memory.usage_in_bytes").read_text()) - detail.get("total_inactive_file", 0)
    cpu_ns = int((cpu / "cpuacct.usage").read_text())
    return Stats(time.time_ns(), cpu_ns, max(0, used), limit if limit < _UNLIMITED else None)


def _v2(group: Path) -> Stats:
    detail = _table(group / "memory.stat")
    limit = (group / "memory.max").read_text().strip()
    used = int((group / "memory.current").read_text()) - detail.get("inactive_file", 0)
    cpu_ns = _table(group / "cpu.stat")["usage_usec"] * 1000
    return Stats(time.time_ns(), cpu_ns, max(0, used), None if limit == "max" else int(limit))


def _table(path: Path) -> dict[str, int]:
    return {key: int(value) for key, value in (line.split() for line in path.read_text().splitlines())}


def from_api(doc: dict[str, Any]) -> Stats:
    """From GET /containers/{id}/stats."""
    memory = doc.get("memory_stats") or {}
    detail = memory.get("stats") or {}
    used = memory.get("usage", 0) - detail.get("inactive_file", detail.get("total_inactive_file", 0))
    limit = memory.get("limit")
    return Stats(
        time.time_ns(),
        doc["cpu_stats"]["cpu_usage"]["total_usage"],
        max(0, used),
        limit if limit and limit < _UNLIMITED else None,
    )
