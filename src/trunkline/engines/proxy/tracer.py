"""The trace header and who is traced, in plain Python: for the fake proxy, and to say what the rules mean."""

from __future__ import annotations

import random
import re

from trunkline.core import ids
from trunkline.core.clock import Clock
from trunkline.engines.proxy.interface import Listener, Trace
from trunkline.engines.proxy.matching import Asked, sampling_of

_SELF = re.compile(r"Self=[^;]*;?", re.IGNORECASE)
_DECIDED = re.compile(r";?(?:Parent|Sampled)=[^;]*", re.IGNORECASE)
_SAMPLED = re.compile(r"Sampled=([01])", re.IGNORECASE)


class Tracer:
    """One of a proxy: it knows when each sampling last took a request."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: dict[tuple[str, int], float] = {}

    def trace(self, listener: Listener, asked: Asked) -> tuple[str, Trace | None]:
        """The header that the member gets, and what is told of the request if it is traced."""
        now = self._clock.time()
        own = f"1-{int(now):08x}-{ids.hex_id(24)}"
        came = asked.headers.get("x-amzn-trace-id")
        header = f"Self={own};{_SELF.sub('', came, count=1)}" if came else f"Root={own}"
        decided = _SAMPLED.search(header)
        if decided[1] == "0" if decided else not self._chosen(listener, asked, now):
            return header, None
        span = ids.hex_id(16)
        host, agent = asked.headers.get("host", ""), asked.headers.get("user-agent", "")
        told = Trace(header, span, now, asked.method, host[:100], asked.path[:200], asked.client, agent[:100])
        return f"{_DECIDED.sub('', header)};Parent={span};Sampled=1", told

    def _chosen(self, listener: Listener, asked: Asked, now: float) -> bool:
        found = sampling_of(listener, asked)
        if found is None:
            return False
        position, sampling = found
        if sampling.reservoir and now - self._last.get((listener.id, position), 0.0) >= 1 / sampling.reservoir:
            self._last[listener.id, position] = now
            return True
        return random.random() < sampling.rate  # noqa: S311  # shares, not secrets
