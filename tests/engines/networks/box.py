"""A process with a network of its own, as a container's first process has it: listens, connects and says who called."""

import json
import subprocess
import sys
import threading

_AGENT = r"""
import json, random, socket, struct, sys, threading

def serve(kind, port):
    where = ("0.0.0.0", port)
    if kind == "udp":
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(where)
        def answer():
            while True:
                data, who = sock.recvfrom(2000)
                sock.sendto(who[0].encode(), who)
    else:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(where)
        sock.listen(50)
        def talk(one, who):
            one.sendall(who[0].encode() + b"\n")
            while data := one.recv(65536):
                one.sendall(data)
        def answer():
            while True:
                one, who = sock.accept()
                threading.Thread(target=talk, args=(one, who), daemon=True).start()
    threading.Thread(target=answer, daemon=True).start()

kept = {}

def connect(kind, address, port, timeout, keep=None):
    if kind == "udp":
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.settimeout(timeout)
        sock.sendto(b"x", (address, port))
        return sock.recvfrom(2000)[0].decode()
    sock = socket.create_connection((address, port), timeout)
    said = sock.makefile("rb").readline().decode().strip()
    if keep:
        kept[keep] = sock
    else:
        sock.close()
    return said

def ping(address, timeout):
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    sock.settimeout(timeout)
    sock.connect((address, 0))
    number = random.randrange(1, 60000)  # the same again would belong to the flow that was let in
    sock.send(struct.pack("!BBHHH", 8, 0, (0xFFFF - 0x0800 - number) % 0xFFFF, number, 0))
    return sock.recv(100)[20] == 0

def echo(keep, timeout):
    kept[keep].settimeout(timeout)
    kept[keep].sendall(b"still there")
    return kept[keep].recv(100).decode()

calls = {"serve": serve, "connect": connect, "echo": echo, "ping": ping}
print("ready", flush=True)
for line in sys.stdin:
    name, *given = json.loads(line)
    try:
        result = calls[name](*given)
    except OSError as error:
        result = None
    print(json.dumps(result), flush=True)
"""

BLOCKED_AFTER_S = 0.4
"""An answer takes well under a millisecond: what has not come by then is not on its way."""
_PATIENCE_S = 5.0
"""For what is to come: the machine may be busy."""


class Box:
    """`pid` is what a container engine would tell. Close it."""

    def __init__(self, *, own_network: bool = True) -> None:
        unshare = ["unshare", "--net"] if own_network else []
        self._process = subprocess.Popen(
            [*unshare, sys.executable, "-u", "-c", _AGENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.pid = self._process.pid
        self._asking = threading.Lock()
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def _ask(self, *call: object) -> object:
        assert self._process.stdin is not None and self._process.stdout is not None
        with self._asking:
            self._process.stdin.write(json.dumps(call) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def listen(self, port: int, kind: str = "tcp") -> None:
        self._ask("serve", kind, port)

    def reach(self, address: str, port: int, kind: str = "tcp") -> str | None:
        """The address from which it was seen there; None when nothing came back."""
        return self._ask("connect", kind, address, port, _PATIENCE_S)  # type: ignore[return-value]

    def is_kept_from(self, address: str, port: int) -> bool:
        return self._ask("connect", "tcp", address, port, BLOCKED_AFTER_S) is None

    def connect(self, address: str, port: int, name: str, timeout_s: float = _PATIENCE_S) -> str | None:
        """The same, and stays connected."""
        return self._ask("connect", "tcp", address, port, timeout_s, name)  # type: ignore[return-value]

    def ping(self, address: str, timeout_s: float = _PATIENCE_S) -> bool:
        return bool(self._ask("ping", address, timeout_s))

    def is_connected(self, name: str) -> bool:
        return self._ask("echo", name, _PATIENCE_S) is not None

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
