"""What the figures mean: the aims, and one table a person can read."""

from dataclasses import dataclass, field
from statistics import median
from typing import Any

SMALL = (
    "sts GetCallerIdentity",
    "s3 PutObject 1 KB",
    "s3 GetObject 1 KB",
    "cloudwatch PutMetricData of 20",
    "logs PutLogEvents of 100",
    "ssm PutParameter",
)
# As server CPU per request: so many times less than the peer.
MINISTACK_TIMES = {
    "sts GetCallerIdentity": 3.0,
    "s3 PutObject 1 KB": 3.0,
    "s3 GetObject 1 KB": 3.0,
    "s3 PutObject 64 MB": 3.0,
    "s3 GetObject 64 MB": 3.0,
    "cloudwatch PutMetricData of 20": 8.0,
    "logs PutLogEvents of 100": 8.0,
}
MOTO_TIMES = 15.0
HELLO_TIMES = 2.5
READY_S = 2.0
IDLE_MB = 150.0


@dataclass
class Figures:
    """One call on one server with so many connections, over all rounds."""

    cpu_us: list[float] = field(default_factory=list)
    latencies_us: list[float] = field(default_factory=list)
    requests: int = 0
    wall_s: float = 0.0

    def add(self, cpu_s: float, requests: int, wall_s: float, latencies_s: list[float]) -> None:
        self.cpu_us.append(cpu_s / requests * 1e6)
        self.requests += requests
        self.wall_s += wall_s
        self.latencies_us.extend(latency * 1e6 for latency in latencies_s)

    def line(self, call: str, server: str, connections: int, megabytes: int) -> dict[str, Any]:
        """`cpu_us` is the best round's: what the work costs when the machine does little else. The rest are medians."""
        found: dict[str, Any] = {
            "call": call,
            "server": server,
            "connections": connections,
            "cpu_us": round(min(self.cpu_us), 1),
            "cpu_us_median": round(median(self.cpu_us), 1),
            "cpu_us_most": round(max(self.cpu_us), 1),
            "latency_us": round(median(self.latencies_us), 1),
            "requests_per_s": round(self.requests / self.wall_s, 1),
            "requests": self.requests,
        }
        if megabytes:
            found["mb_per_s"] = round(megabytes * self.requests / self.wall_s, 1)
        return found


Lines = list[dict[str, Any]]


def table(calls: Lines, servers: Lines) -> str:
    """Ratios against the aims; `no` marks what falls short."""
    cpu = {(line["call"], line["connections"], line["server"]): line["cpu_us"] for line in calls if "cpu_us" in line}
    rows = []
    for call, connections in dict.fromkeys((line["call"], line["connections"]) for line in calls if "cpu_us" in line):

        def of(server: str, call: str = call, connections: int = connections) -> float | None:
            return cpu.get((call, connections, server))

        ours = of("trunkline")
        cells = [f"{call} ×{connections}", *(_number(of(name)) for name in ("trunkline", "ministack", "moto", "hello"))]
        if ours is not None:
            cells += [
                _ratio(of("ministack"), ours, MINISTACK_TIMES.get(call)),
                _ratio(of("moto"), ours, MOTO_TIMES if call in SMALL else None),
                _ceiling(ours, of("hello")),
            ]
        rows.append(cells)
    heads = [
        "server CPU per request, µs",
        "trunkline",
        "ministack",
        "moto",
        "hello",
        "÷ ministack",
        "÷ moto",
        "of hello",
    ]
    lines = [_aligned([heads, *rows])]
    sides = [["server", "ready s", "start CPU s", "idle MB", "idle CPU %", "MB after"]]
    for line in servers:
        sides.append(
            [
                line["server"],
                f"{line['ready_s']:.2f}" + _short(line, "ready_s", READY_S),
                f"{line['start_cpu_s']:.2f}",
                f"{line['idle_mb']:.0f}" + _short(line, "idle_mb", IDLE_MB),
                f"{line['idle_cpu_pct']:.2f}",
                f"{line['after_mb']:.0f}",
            ]
        )
    lines.append(_aligned(sides))
    lines += [f"{line['server']} refused {line['call']}: {line['refused']}" for line in calls if "refused" in line]
    return "\n\n".join(lines)


def _short(line: dict[str, Any], key: str, limit: float) -> str:
    return f" (no: {limit:g})" if line["server"] == "trunkline" and line[key] > limit else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _ratio(peer: float | None, ours: float, aim: float | None) -> str:
    if peer is None:
        return ""
    times = peer / ours
    verdict = "" if aim is None else f" (≥ {aim:g})" if times >= aim else f" (no: ≥ {aim:g})"
    return f"{times:.1f}{verdict}"


def _ceiling(ours: float, floor: float | None) -> str:
    if floor is None:
        return ""
    times = ours / floor
    return f"{times:.2f} ({'' if times <= HELLO_TIMES else 'no: '}≤ {HELLO_TIMES:g})"


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) if i < len(row) else 0 for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows
    )
