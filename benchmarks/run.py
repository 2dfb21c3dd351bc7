"""`make bench`: Trunkline beside MiniStack and moto in one run, by the CPU that each server burns for a request.

    .venv/bin/python benchmarks/run.py                      # all of it, at most six minutes
    .venv/bin/python benchmarks/run.py --quick              # one short round
    .venv/bin/python benchmarks/run.py --servers trunkline,hello --calls sts,s3
    .venv/bin/python benchmarks/run.py --save docs/figures/bench.json

Rounds are interleaved: each call is sent to every server in turn, then the next call, then the next round, so that
whatever else the machine does falls on all of them. The figure is user and system time of the server's processes,
background work included, over the requests of a slice; the best of the rounds, for each server alike, because a machine
that is busy with something else makes every request dearer (cold caches: a hello world costs six times as much after a
pause of 6 ms). `pressure` says how busy it was. Prints one JSON line for each call and
server, one for each server's start and memory, and a table with the ratios. Nothing is left running or written.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import report
from benchmarks.calls import CALLS, Maker, Measured
from benchmarks.replay import Refusal, replay
from benchmarks.servers import Server, free_port, install_peers

HEALTH = {"trunkline": "/_trunkline/health", "ministack": "/_ministack/health", "moto": "/moto-api/", "hello": "/"}
_SETTLE_S = 0.05  # what a server puts off until after its answer is counted too
_IDLE_S = 3.0


def main() -> int:
    options = _options()
    versions = install_peers(upgrade=not options.quick) if {"ministack", "moto"} & set(options.servers) else {}
    facts = {
        "benchmark": "bench",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
        "pressure": {name: _pressure(name) for name in ("cpu", "io")},
        **versions,
    }
    print(json.dumps(facts), flush=True)
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder:
        servers = [Server(name, Path(folder) / name, HEALTH[name]) for name in options.servers]
        try:
            sides = [_start(server, starts=1 if options.quick else 3) for server in servers]
            lines = _measure(servers, options)
            for side, server in zip(sides, servers, strict=True):
                side["after_mb"] = round(server.rss_mb(), 1)
        finally:
            for server in servers:
                server.stop()
    for line in (*lines, *sides):
        print(json.dumps(line))
    print("\n" + report.table(lines, sides))
    if options.save:
        document = {**facts, "calls": lines, "servers": sides}
        options.save.write_text(json.dumps(document, indent=1) + "\n")
    return 1 if any("refused" in line and line["server"] == "trunkline" for line in lines) else 0


def _pressure(name: str) -> float | None:
    """The share of the last minute, in %, in which somebody on this machine waited for it."""
    path = Path("/proc/pressure") / name
    if not path.exists():
        return None
    return float(path.read_text().split("avg60=", 1)[1].split(" ", 1)[0])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Trunkline beside MiniStack and moto, by server CPU per request")
    parser.add_argument("--quick", action="store_true", help="one short round, under a minute")
    parser.add_argument("--rounds", type=int, help="interleaved rounds [8; quick: 1]")
    parser.add_argument("--servers", type=lambda text: text.split(","), default=list(HEALTH))
    parser.add_argument("--calls", type=lambda text: text.split(","), default=[""], help="only calls that begin so")
    parser.add_argument("--save", type=Path, help="also write the figures into this file")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 8)
    return options


def _start(server: Server, starts: int) -> dict[str, Any]:
    """Start it, several times: on an empty folder first, at last the one that is measured."""
    ready, cpu = [], 0.0
    for number in range(starts):
        if number:
            server.stop()
            server.port = free_port()
        ready.append(server.start())
        cpu = server.cpu_s()
    time.sleep(1.0)
    before = server.cpu_s()
    time.sleep(_IDLE_S)
    idle_pct = (server.cpu_s() - before) / _IDLE_S * 100
    return {
        "server": server.name,
        "ready_s": round(sorted(ready)[len(ready) // 2], 3),
        "ready_first_s": round(ready[0], 3),
        "start_cpu_s": round(cpu, 3),
        "idle_mb": round(server.rss_mb(), 1),
        "idle_cpu_pct": round(idle_pct, 2),
    }


def _measure(servers: list[Server], options: argparse.Namespace) -> list[dict[str, Any]]:
    makers = {server.name: Maker(server) for server in servers}
    calls = [call for call in CALLS if call.name.startswith(tuple(options.calls))]
    for server in servers:
        if server.name != "hello":
            makers[server.name].prepare()
    figures: dict[tuple[str, str, int], report.Figures] = defaultdict(report.Figures)
    refused: dict[tuple[str, str], str] = {}
    for number in range(-1, options.rounds):  # the first only warms
        for call in calls:
            for server in servers:
                if (server.name == "hello" and call.name != "sts GetCallerIdentity") or (
                    call.name,
                    server.name,
                ) in refused:
                    continue
                wires = makers[server.name].wires(call)
                for connections in call.connections:
                    try:
                        cpu_s, sent = _slice(server, wires, call, connections, options, warm=number < 0)
                    except (Refusal, OSError) as error:
                        refused[call.name, server.name] = str(error)
                        break
                    if number >= 0:
                        mine = figures[call.name, server.name, connections]
                        mine.add(cpu_s, sent.requests, sent.wall_s, sent.latencies_s)
    lines = []
    by_name = {call.name: call for call in calls}
    for (name, server_name, connections), found in figures.items():
        line = found.line(name, server_name, connections, by_name[name].megabytes)
        line["protocol"] = makers[server_name].protocol(by_name[name].service)
        lines.append(line)
    lines += [
        {"call": name, "server": server, "connections": 0, "refused": why[:300]}
        for (name, server), why in refused.items()
    ]
    return lines


def _slice(
    server: Server, wires: list[Any], call: Measured, connections: int, options: argparse.Namespace, *, warm: bool
) -> tuple[float, Any]:
    least_s, most_s = (0.15, 0.5) if warm or options.quick else (0.2, 0.8)
    if call.megabytes:
        least_s, most_s = 0.0, 3.0
    before = server.cpu_s()
    sent = replay(server.port, wires, connections, least=call.least, least_s=least_s, most_s=most_s)
    time.sleep(_SETTLE_S)
    return server.cpu_s() - before, sent


if __name__ == "__main__":
    raise SystemExit(main())
