"""The daemon itself: where it listens, and what becomes of what it gets."""

import asyncio
import contextlib
import socket

import uvicorn

from trunkline.agents.daemon.datagrams import Datagrams, Segment
from trunkline.agents.daemon.proxy import Proxy
from trunkline.agents.otlp import Receiver
from trunkline.agents.senders import PRINCIPAL, Sender, Senders
from trunkline.aws.service import Kit
from trunkline.aws.tracing import SegmentOutbox
from trunkline.core.log import get

log = get(__name__)

_BUFFER = 16 * 1024 * 1024
_ASKED_AT_ONCE = 1_000


class Daemon:
    """`open` once for each address; `stop` at the end."""

    def __init__(self, kit: Kit, senders: Senders, receiver: Receiver) -> None:
        self._settings = kit.settings
        self._senders = senders
        self._outbox = SegmentOutbox(kit.call, PRINCIPAL)
        self._proxy = Proxy(kit, senders, receiver)
        self._asking: set[asyncio.Task[None]] = set()

    async def open(self, address: str) -> "Door":
        """Listen at `address` from now on. Raises OSError when the port is somebody else's."""
        port = self._settings.xray_port
        receiver = _bound(address, port)
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
        except BaseException:
            receiver.close()
            listener.close()
            raise
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Datagrams(self._take, lambda why: self._outbox.drop(why=why)), sock=receiver
        )
        return await Door.opened(transport, listener, self._proxy)

    async def stop(self) -> None:
        """Return when everything that was taken in is stored."""
        while self._asking:
            await asyncio.gather(*self._asking, return_exceptions=True)
        await self._outbox.stop()

    def _take(self, segment: Segment, address: str) -> None:
        """One datagram's segment: marked with its sender's deployment, if that is known, and on its way."""
        known = self._senders.known(address)
        if known is not None:
            self._hand_on(segment, known)
        elif len(self._asking) >= _ASKED_AT_ONCE:
            self._outbox.drop(why="its sender could not be looked up in time")
        else:
            task = asyncio.get_running_loop().create_task(self._find_out(segment, address))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _find_out(self, segment: Segment, address: str) -> None:
        self._hand_on(segment, await self._senders.find(address))

    def _hand_on(self, segment: Segment, sender: Sender) -> None:
        account, region = sender.account or self._settings.account, sender.region or self._settings.region
        self._outbox.add(account, region, self._senders.mark(segment, sender))


def _bound(address: str, port: int) -> socket.socket:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        # Bursts wait here while the loop is busy. FORCE passes the machine's limit, where we may.
        for option in (socket.SO_RCVBUF, getattr(socket, "SO_RCVBUFFORCE", 33)):
            with contextlib.suppress(OSError):
                receiver.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
        receiver.setblocking(False)
        receiver.bind((address, port))
    except BaseException:
        receiver.close()
        raise
    return receiver


class Door:
    """One address at which the daemon listens; `serve` until it is cancelled."""

    def __init__(self, transport: asyncio.DatagramTransport, listener: socket.socket, server: uvicorn.Server) -> None:
        self._transport = transport
        self._listener = listener
        self._server = server

    @classmethod
    async def opened(cls, transport: asyncio.DatagramTransport, listener: socket.socket, app: Proxy) -> "Door":
        config = uvicorn.Config(
            app, http="httptools", ws="none", lifespan="off", access_log=False, log_config=None, server_header=False,
            proxy_headers=False, timeout_keep_alive=75, timeout_graceful_shutdown=1,
        )  # fmt: skip
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup([listener])  # not `serve`, which would take the process's signals
        return cls(transport, listener, server)

    async def serve(self) -> None:
        try:
            await self._server.main_loop()
        finally:
            self._transport.close()
            self._server.should_exit = True
            await self._server.shutdown([self._listener])
            self._listener.close()
