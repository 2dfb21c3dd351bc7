"""The servers under measurement: each a process of its own on a free loopback port, with a folder of its own.

Peers come from PyPI, newest versions, into `.venv-peers`, and run as their documentation starts them: state in memory,
any credentials accepted, nothing recorded. Trunkline runs as a user's does: durable, signatures and policies checked,
every call that changes something recorded; only Docker and HAProxy, which none of the calls use, are fakes.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".venv-peers"
ACCESS_KEY = "AKIABENCHROOT0000000"
SECRET_KEY = "bench-root-secret"
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PEER_PACKAGES = ("ministack", "moto[cloudformation,server]")


def install_peers(*, upgrade: bool) -> dict[str, str]:
    """Make the peers' environment; their versions."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
        upgrade = True
    if upgrade:
        command = [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--upgrade",
            *_PEER_PACKAGES,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:  # what is installed will do when there is no index to ask
            sys.stderr.write(f"the peers were not brought up to date: {done.stderr.strip()[-300:]}\n")
    script = "from importlib.metadata import version as v; print(v('ministack'), v('moto'))"
    versions = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    return {"ministack": versions[0], "moto": versions[1]}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Server:
    """One server: `start`, measure, `stop`."""

    name: str
    folder: Path
    health: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self, timeout_s: float = 60) -> float:
        """Seconds from the start of the process to its first healthy answer."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command, env = _command(self)
        log_path = self.folder / "log"
        with log_path.open("ab") as log:
            begun = time.monotonic()
            self.process = subprocess.Popen(
                command, env={**os.environ, **env}, stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )
        while time.monotonic() - begun < timeout_s:
            if self.process.poll() is not None:
                break
            if _healthy(self.endpoint + self.health):
                return time.monotonic() - begun
            time.sleep(0.005)
        raise RuntimeError(f"{self.name} did not start: {log_path.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """SIGTERM, then SIGKILL to what is left of its process group."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(12)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def cpu_s(self) -> float:
        """User and system time of the process and everything below it, to the microsecond."""
        return sum(_cpu_of(pid) for pid in process_tree(self.pid))

    def rss_mb(self) -> float:
        """Resident memory of the process and everything below it."""
        pages = sum(int(_read(f"/proc/{pid}/statm").split()[1]) for pid in process_tree(self.pid))
        return pages * _PAGE / 2**20


def _command(server: Server) -> tuple[list[str], dict[str, str]]:
    """How to start it, and the environment that makes it stay on the loopback address and in its folder."""
    port = str(server.port)
    match server.name:
        case "trunkline":
            data = server.folder / "data"
            return [sys.executable, "-m", "trunkline", "up", "--data-dir", str(data), "--port", port], {
                "TRUNKLINE_ROOT_ACCESS_KEY_ID": ACCESS_KEY,
                "TRUNKLINE_ROOT_SECRET_ACCESS_KEY": SECRET_KEY,
                "TRUNKLINE_CONSOLE_PORT": str(free_port()),
                "TRUNKLINE_XRAY_PORT": str(free_port()),
                "TRUNKLINE_CONTAINERS": "fake",
                "TRUNKLINE_PROXY": "fake",
            }
        case "ministack":
            return [str(PEERS / "bin" / "ministack")], {
                "GATEWAY_PORT": port,
                "BIND_HOST": "127.0.0.1",
                "DOCKER_HOST": "unix:///nonexistent",
                "LOG_LEVEL": "WARNING",
                "TMPDIR": str(server.folder),
                "STATE_DIR": str(server.folder),
                "S3_DATA_DIR": str(server.folder),
            }
        case "moto":
            return [str(PEERS / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", port], {}
        case "hello":
            return [sys.executable, str(ROOT / "benchmarks" / "hello.py"), port], {}
    raise ValueError(server.name)


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def process_tree(root: int) -> list[int]:
    found = [root]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found.extend(int(child) for child in task.read_text().split())
    return found


def _cpu_of(pid: int) -> float:
    """The process's own clock (what /proc rounds to 10 ms), and its ended children's from /proc."""
    children = _read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[13:15]
    return (
        time.clock_gettime(~pid << 3 | 2) + sum(map(int, children)) / _TICK
    )  # Linux: the CPU clock of another process


def _read(path: str) -> str:
    return Path(path).read_text()
