"""What this machine may grant to containers.

Where Trunkline itself runs in a sandbox, a capability such as CAP_SYS_RESOURCE may be missing from everything on the
machine, and an engine asked for it fails to start the container. So wishes are cut down to what can be granted.
"""

import os
import resource
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from trunkline.engines.containers.model import ContainerSpec, Ulimit

# In the order of their bits. Later ones (PERFMON, BPF, CHECKPOINT_RESTORE) are not known to Docker 20.10.
_CAPABILITIES = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
]
_RLIMITS = {
    "core": resource.RLIMIT_CORE,
    "cpu": resource.RLIMIT_CPU,
    "data": resource.RLIMIT_DATA,
    "fsize": resource.RLIMIT_FSIZE,
    "memlock": resource.RLIMIT_MEMLOCK,
    "nofile": resource.RLIMIT_NOFILE,
    "nproc": resource.RLIMIT_NPROC,
    "rss": resource.RLIMIT_RSS,
    "stack": resource.RLIMIT_STACK,
}


def granted_capabilities(status: str | None = None) -> frozenset[str]:
    """The capability bounding set that the first process of this machine left us."""
    text = status if status is not None else Path("/proc/self/status").read_text()
    bounding = next((line.split()[1] for line in text.splitlines() if line.startswith("CapBnd:")), "0")
    bits = int(bounding, 16)
    return frozenset(name for number, name in enumerate(_CAPABILITIES) if bits >> number & 1)


def host_privileges(spec: ContainerSpec, granted: frozenset[str]) -> dict[str, Any]:
    """The parts of HostConfig that ask for privileges."""
    host: dict[str, Any] = {}
    add = [cap.removeprefix("CAP_").upper() for cap in spec.cap_add]
    if spec.privileged and "SYS_RESOURCE" in granted:
        host["Privileged"] = True
    elif spec.privileged:
        # As near to privileged as can be had: every capability there is, no seccomp, no AppArmor.
        add = sorted(granted)
        host["SecurityOpt"] = ["seccomp=unconfined", "apparmor=unconfined"]
    if "ALL" in add and not set(_CAPABILITIES) <= granted:
        add = sorted(granted)
    host["CapAdd"] = [cap for cap in add if cap == "ALL" or cap in granted]
    host["Ulimits"] = [
        {"Name": u.name, "Soft": u.soft, "Hard": u.hard} for u in grantable(spec.ulimits, "SYS_RESOURCE" in granted)
    ]
    return host


def grantable(ulimits: Iterable[Ulimit], may_raise: bool) -> list[Ulimit]:
    """Lower to this machine's hard limits what cannot be raised."""
    kept = []
    for limit in ulimits:
        kind = _RLIMITS.get(limit.name)
        if may_raise or kind is None:
            kept.append(limit)
            continue
        ceiling = _engine_hard_limit(kind)
        hard = limit.hard if ceiling < 0 else ceiling if limit.hard < 0 else min(limit.hard, ceiling)
        soft = hard if limit.soft < 0 else limit.soft if hard < 0 else min(limit.soft, hard)
        kept.append(Ulimit(limit.name, soft, hard))
    return kept


def _engine_hard_limit(kind: int) -> int:
    """The engine was started on this machine with the same limits as we were; -1 is unlimited."""
    return -1 if os.name != "posix" else resource.getrlimit(kind)[1]
