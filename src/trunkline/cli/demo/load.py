"""Users: threads that send requests without a pause and write down every answer."""

import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

_PAUSE_S = 0.004
_TIMEOUT_S = 10


class Answer(NamedTuple):
    """One answer: when it came (epoch), its status (0: none came), and which version gave it."""

    at: float
    status: int
    version: str


@dataclass(frozen=True)
class Tally:
    """Answers of a period."""

    answers: list[Answer]

    @property
    def total(self) -> int:
        return len(self.answers)

    @property
    def failed(self) -> int:
        """Requests without an answer, or with an error of the server."""
        return sum(1 for answer in self.answers if answer.status == 0 or answer.status >= 500)

    def share_pct(self, version: str) -> float:
        """How much of the answers a version gave, in per cent."""
        return 100 * sum(1 for answer in self.answers if answer.version == version) / max(1, self.total)

    def shares(self) -> str:
        """The versions' shares, as text."""
        counts = Counter(answer.version or "none" for answer in self.answers)
        return ", ".join(f"version {name}: {100 * n / max(1, self.total):.1f} %" for name, n in sorted(counts.items()))

    def last(self, version: str) -> float | None:
        """When a version answered last."""
        return max((answer.at for answer in self.answers if answer.version == version), default=None)


class Load:
    """Half of the threads keep their connection, half open one for each request."""

    def __init__(self, host: str, port: int, threads: int = 4) -> None:
        self._host, self._port = host, port
        self._answers: list[Answer] = []
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._send, args=(number % 2 == 0,), daemon=True) for number in range(threads)
        ]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(_TIMEOUT_S)

    def tally(self, since: float = 0.0, until: float = float("inf")) -> Tally:
        """The answers of a period."""
        return Tally([answer for answer in list(self._answers) if since <= answer.at < until])

    def _send(self, keeps: bool) -> None:
        connection: http.client.HTTPConnection | None = None
        while not self._stopping.is_set():
            connection = connection or http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT_S)
            try:
                connection.request("GET", "/", headers={} if keeps else {"Connection": "close"})
                response = connection.getresponse()
                response.read()
                self._answers.append(Answer(time.time(), response.status, response.headers.get("X-Version", "")))
                closes = response.will_close
            except (OSError, http.client.HTTPException):
                self._answers.append(Answer(time.time(), 0, ""))
                closes = True
            if closes or not keeps:
                connection.close()
                connection = None
            time.sleep(_PAUSE_S)
