"""Where a load balancer answers: a loopback address of its own, and the ports that this user may bind.

AWS gives a load balancer a DNS name; here the name is the address literal, which every program resolves. Addresses
are drawn at random from some four million, so that instances side by side do not meet; a port that is taken
nevertheless is refused by name.
"""

from __future__ import annotations

import errno
import secrets
import socket
from collections.abc import Container

_LAST_PRIVILEGED = 1023
_SHIFT = 8000


def draw(taken: Container[str]) -> str:
    """A loopback address that no load balancer of ours has."""
    while True:
        number = secrets.randbelow(1 << 22)
        # 127.64.0.1 and up: clear of 127.0.x.y, where other programs live.
        address = f"127.{64 + (number >> 16)}.{number >> 8 & 255}.{1 + number % 254}"
        if address not in taken and _usable(address):
            return address


def _usable(address: str) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


class PortTaken(Exception):
    """Another program listens there."""


def port_for(address: str, port: int) -> int:
    """The port to bind for a listener on `port`: itself, or 8000 above it where a plain user may not bind it."""
    try:
        _try_to_bind(address, port)
    except PermissionError:
        if port > _LAST_PRIVILEGED:
            raise
        _try_to_bind(address, port + _SHIFT)
        return port + _SHIFT
    return port


def _try_to_bind(address: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(f"Another program listens on {address}:{port}.") from error
            raise
