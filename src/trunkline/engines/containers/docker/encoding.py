"""Between our dataclasses and the JSON of Docker's API."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from trunkline.engines.containers.model import (
    SPEC_LABEL,
    Container,
    ContainerSpec,
    ContainerState,
    Health,
    Image,
    Network,
    PortBinding,
)

_NS = 1_000_000_000
_STATES = {
    "created": ContainerState.CREATED,
    "running": ContainerState.RUNNING,
    "restarting": ContainerState.RUNNING,
    "paused": ContainerState.PAUSED,
}


def fingerprint(spec: ContainerSpec) -> str:
    """Tells whether the container of a name is the one that was asked for."""
    return hashlib.sha256(json.dumps(asdict(spec), sort_keys=True, default=str).encode()).hexdigest()[:24]


def create_body(spec: ContainerSpec, labels: Mapping[str, str]) -> dict[str, Any]:
    """The body of POST /containers/create, without what depends on the machine (ulimits, privileges)."""
    host: dict[str, Any] = {
        "Mounts": [
            {
                "Type": m.kind,
                "Target": m.target,
                "ReadOnly": m.read_only,
                **({"Source": m.source} if m.kind != "tmpfs" else {}),
            }
            for m in spec.mounts
        ],
        "CapDrop": list(spec.cap_drop),
        "ReadonlyRootfs": spec.read_only_root,
        "ExtraHosts": [f"{name}:{ip}" for name, ip in spec.extra_hosts.items()],
        "Dns": list(spec.dns),
        "PortBindings": {
            f"{p.container_port}/{p.protocol}": [{"HostIp": p.host_ip, "HostPort": str(p.host_port or "")}]
            for p in spec.ports
        },
    }
    if spec.init:
        host["Init"] = True
    if spec.cpu_count:
        host["NanoCpus"] = int(min(spec.cpu_count, os.cpu_count() or 1) * _NS)
    if spec.cpu_shares:
        host["CpuShares"] = max(2, spec.cpu_shares)
    if spec.memory_bytes:
        host["Memory"] = host["MemorySwap"] = spec.memory_bytes
    if spec.memory_reservation_bytes:
        host["MemoryReservation"] = spec.memory_reservation_bytes
    if spec.cgroup_parent:
        host["CgroupParent"] = spec.cgroup_parent
    body: dict[str, Any] = {
        "Image": spec.image,
        "Env": [f"{name}={value}" for name, value in spec.environment.items()],
        "Labels": {**labels, SPEC_LABEL: fingerprint(spec)},
        "ExposedPorts": {f"{p.container_port}/{p.protocol}": {} for p in spec.ports},
        "HostConfig": host,
    }
    _set(body, "Cmd", None if spec.command is None else list(spec.command))
    _set(body, "Entrypoint", None if spec.entrypoint is None else list(spec.entrypoint))
    _set(body, "User", spec.user)
    _set(body, "WorkingDir", spec.working_dir)
    _set(body, "StopSignal", spec.stop_signal)
    _set(body, "StopTimeout", None if spec.stop_timeout_s is None else max(0, round(spec.stop_timeout_s)))
    _network(body, host, spec)
    if check := spec.health_check:
        body["Healthcheck"] = {
            "Test": list(check.test),
            "Interval": int(check.interval_s * _NS),
            "Timeout": int(check.timeout_s * _NS),
            "Retries": check.retries,
            "StartPeriod": int(check.start_period_s * _NS),
        }
    return body


def _network(body: dict[str, Any], host: dict[str, Any], spec: ContainerSpec) -> None:
    if spec.network is None:
        _set(body, "Hostname", spec.hostname)
        return
    host["NetworkMode"] = spec.network
    if spec.network.startswith("container:"):
        return
    _set(body, "Hostname", spec.hostname)
    if spec.network in ("host", "none"):
        return
    endpoint: dict[str, Any] = {"Aliases": list(spec.aliases)}
    if spec.ip:
        endpoint["IPAMConfig"] = {"IPv4Address": spec.ip}
    body["NetworkingConfig"] = {"EndpointsConfig": {spec.network: endpoint}}


def _set(body: dict[str, Any], key: str, value: Any) -> None:
    if value is not None:
        body[key] = value


def container(doc: dict[str, Any]) -> Container:
    """From GET /containers/{id}/json."""
    state = doc["State"]
    name = state["Status"]
    ended = name not in _STATES
    networks = doc["NetworkSettings"].get("Networks") or {}
    return Container(
        id=doc["Id"],
        name=doc["Name"].lstrip("/"),
        image=doc["Config"]["Image"],
        image_id=doc["Image"],
        labels=doc["Config"].get("Labels") or {},
        state=_STATES.get(name, ContainerState.EXITED),
        health=Health((state.get("Health") or {}).get("Status") or "none"),
        exit_code=state["ExitCode"] if ended else None,
        oom_killed=bool(state.get("OOMKilled")) if ended else False,
        error=state.get("Error") or "",
        ip=next((n["IPAddress"] for n in networks.values() if n.get("IPAddress")), None),
        ports=_ports(doc["NetworkSettings"].get("Ports") or {}),
        created_at=epoch(doc["Created"]) or 0.0,
        started_at=epoch(state.get("StartedAt")),
        finished_at=_finished(state) if ended else None,
        pid=state.get("Pid") or None,
    )


def _finished(state: dict[str, Any]) -> float | None:
    """Never before the start: Docker may note the exit of a short process before it notes its start."""
    started, finished = epoch(state.get("StartedAt")), epoch(state.get("FinishedAt"))
    return max(started, finished) if started is not None and finished is not None else finished


def listed(doc: dict[str, Any]) -> Container:
    """From an element of GET /containers/json, which says less."""
    name = doc["State"]
    ended = name not in _STATES
    networks = (doc.get("NetworkSettings") or {}).get("Networks") or {}
    code = None
    if ended and "(" in doc.get("Status", ""):
        digits = doc["Status"].split("(", 1)[1].split(")", 1)[0]
        code = int(digits) if digits.isdigit() else None
    status = doc.get("Status", "")
    health = next((h for h in (Health.UNHEALTHY, Health.HEALTHY) if f"({h})" in status), Health.NONE)
    if "(health: starting)" in status:
        health = Health.STARTING
    return Container(
        id=doc["Id"],
        name=doc["Names"][0].lstrip("/") if doc.get("Names") else "",
        image=doc["Image"],
        image_id=doc["ImageID"],
        labels=doc.get("Labels") or {},
        state=_STATES.get(name, ContainerState.EXITED),
        health=health,
        exit_code=code,
        oom_killed=False,
        error="",
        ip=next((n["IPAddress"] for n in networks.values() if n.get("IPAddress")), None),
        ports=tuple(
            PortBinding(p["PrivatePort"], p["PublicPort"], p["Type"], p.get("IP", ""))
            for p in doc.get("Ports") or []
            if "PublicPort" in p
        ),
        created_at=float(doc["Created"]),
        started_at=None,
        finished_at=None,
    )


def _ports(doc: dict[str, Any]) -> tuple[PortBinding, ...]:
    found = []
    for key, bindings in doc.items():
        port, _, protocol = key.partition("/")
        found += [
            PortBinding(int(port), int(b["HostPort"]), protocol or "tcp", b.get("HostIp", "")) for b in bindings or []
        ]
    return tuple(found)


def image(doc: dict[str, Any]) -> Image:
    """From GET /images/{name}/json."""
    config = doc.get("Config") or {}
    return Image(
        id=doc["Id"],
        tags=tuple(doc.get("RepoTags") or ()),
        digests=tuple(doc.get("RepoDigests") or ()),
        command=tuple(config.get("Cmd") or ()),
        entrypoint=tuple(config.get("Entrypoint") or ()),
        environment=tuple(config.get("Env") or ()),
        labels=config.get("Labels") or {},
        size_bytes=doc.get("Size", 0),
        architecture=doc.get("Architecture", ""),
        exposed_ports=tuple(config.get("ExposedPorts") or ()),
    )


def network(doc: dict[str, Any]) -> Network:
    """From GET /networks/{name}."""
    pools = (doc.get("IPAM") or {}).get("Config") or [{}]
    return Network(
        doc["Name"], doc["Id"], pools[0].get("Gateway", ""), pools[0].get("Subnet", ""), doc.get("Labels") or {}
    )


def epoch(text: str | None) -> float | None:
    """RFC 3339 with nanoseconds; Docker writes year 1 for "never"."""
    if not text or text.startswith("0001-"):
        return None
    return timestamp_ns(text) / _NS


def timestamp_ns(text: str) -> int:
    """`2026-01-02T03:04:05.123456789Z` or with an offset, in nanoseconds since the epoch."""
    zone = max(text.rfind("Z"), text.rfind("+"), text.rfind("-", 11))
    head, _, fraction = text[:zone].partition(".")
    whole = datetime.fromisoformat(head + text[zone:].replace("Z", "+00:00"))
    return int(whole.timestamp()) * _NS + int(fraction.ljust(9, "0")[:9] or 0)
