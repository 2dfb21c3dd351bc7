"""One server process: sockets, signals, the lock on the data directory, and what it says while it starts."""

import asyncio
import contextlib
import fcntl
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import uvicorn

from trunkline.agents.daemon import Door
from trunkline.core import log
from trunkline.core.settings import Settings
from trunkline.engines.networks import NetworksUnavailable
from trunkline.server.build import Platform, build

_PORT_TAKEN_S = 30.0
_STOP_S = 4  # for requests still running at SIGTERM; the whole stop stays under ten seconds

logger = log.get(__name__)


def serve(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; the process's exit code."""
    log.configure(settings.log_level, json=settings.log_json)
    try:
        with _owned(settings):
            uvloop = __import__("uvloop")
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_serve(settings))
    except _CannotStart as error:
        sys.stderr.write(f"trunkline: {error}\n")
        return 1
    return 0


class _CannotStart(Exception):
    """Something a user can put right; told in one line."""


@contextlib.contextmanager
def _owned(settings: Settings) -> Iterator[None]:
    """Hold the data directory: two servers on one would corrupt each other's containers and proxy."""
    path = settings.data_dir / "trunkline.pid"
    lock = path.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        pid = lock.read().strip()
        raise _CannotStart(f"{settings.data_dir} is in use by process {pid}; stop it with `trunkline down`") from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    try:
        yield
    finally:
        lock.truncate(0)
        lock.close()


async def _serve(settings: Settings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    platform = build(settings, stopping.set)
    try:
        await platform.start()
    except NetworksUnavailable as error:
        raise _CannotStart(f"{error}; start with TRUNKLINE_NETWORKS=docker to do without real networks") from error
    traces = await _open_to_traces(platform, "127.0.0.1")  # before we say that we are ready
    servers = [_uvicorn(platform, settings.host, settings.port)]
    tasks = [loop.create_task(_run(server)) for server in servers]
    await _listening(servers[0], tasks[0], settings)
    # What was built lives as long as the process: the collector need not walk over it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    _announce(settings, takes_traces=traces is not None)
    inside = [loop.create_task(traces.serve())] if traces is not None else []
    for find in (platform.container_gateway, platform.network_endpoint):
        inside.append(loop.create_task(_serve_inside(platform, settings, find)))
        inside.append(loop.create_task(_listen_to_traces(platform, find)))
    await asyncio.wait([loop.create_task(stopping.wait()), tasks[0]], return_when=asyncio.FIRST_COMPLETED)
    for task in inside:
        task.cancel()
    await asyncio.gather(*inside, return_exceptions=True)
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*tasks, return_exceptions=True)
    await platform.stop()


def _uvicorn(platform: Platform, host: str, port: int) -> uvicorn.Server:
    config = uvicorn.Config(
        platform.gateway,
        host=host,
        port=port,
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_STOP_S,
    )
    return uvicorn.Server(config)


async def _run(server: uvicorn.Server) -> None:
    config = server.config
    config.load()
    server.lifespan = config.lifespan_class(config)
    # `Server.serve` would take the signals over; they are ours.
    await server.startup()
    if server.should_exit:
        return
    await server.main_loop()
    await server.shutdown()


async def _listening(server: uvicorn.Server, task: "asyncio.Task[None]", settings: Settings) -> None:
    while not server.started:
        if task.done():
            raise _CannotStart(f"port {settings.port} of {settings.host} cannot be bound; choose another with --port")
        await asyncio.sleep(0.005)


async def _serve_inside(platform: Platform, settings: Settings, find: Callable[[], Awaitable[str | None]]) -> None:
    """Listen on an address at which containers see this host as well, as soon as there is one.

    Docker may be down when we start, or be restarted; a listener on the loopback address is not seen from a container.
    """
    if settings.host not in ("127.0.0.1", "localhost"):
        return
    while True:
        try:
            gateway = await find()
        except Exception as error:
            logger.debug("no container network yet", error=error)
            gateway = None
        if gateway is not None:
            server = _uvicorn(platform, gateway, settings.port)
            try:
                await _run(server)
            except asyncio.CancelledError:
                server.should_exit = True
                await server.shutdown()
                raise
            except (OSError, SystemExit) as error:
                logger.warning("containers cannot reach this server yet", address=gateway, error=error)
        await asyncio.sleep(1.0)


async def _open_to_traces(platform: Platform, address: str) -> Door | None:
    """The X-Ray daemon at an address; None where its port is somebody else's: AWS's own daemon, or another server's."""
    try:
        return await platform.daemon.open(address)
    except OSError as error:
        logger.warning("no traces are taken in here", address=address, error=error)
        return None


async def _listen_to_traces(platform: Platform, find: Callable[[], Awaitable[str | None]]) -> None:
    """The daemon where containers see this host, as soon as they do; never where strangers are: it asks nobody for a
    signature."""
    while True:
        try:
            address = await find()
        except Exception as error:
            logger.debug("no container network yet", error=error)
            address = None
        pause_s = 1.0
        if address is not None:
            door = await _open_to_traces(platform, address)
            if door is not None:
                await door.serve()
            pause_s = _PORT_TAKEN_S
        await asyncio.sleep(pause_s)


def _announce(settings: Settings, *, takes_traces: bool) -> None:
    lines = [
        f"AWS endpoint  {settings.endpoint}",
        f"data          {settings.data_dir}",
        f'use it with   eval "$(trunkline env --data-dir {_short(settings.data_dir)})"',
    ]
    if takes_traces:
        lines.insert(1, f"telemetry     127.0.0.1:{settings.xray_port} (X-Ray daemon, OTLP over HTTP)")
    if settings.clock != 1:
        lines.append(f"clock         waits run {settings.clock:g} times faster")
    sys.stdout.write("\n".join(["Trunkline is ready.", *lines, ""]))
    sys.stdout.flush()


def _short(path: Path) -> str:
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)
