"""Where fault tests may kill the process: before and after each durable commit, numbered in the order they happen.

`TRUNKLINE_CRASH_AT=17:before` sends SIGKILL to this process just before the 17th commit becomes durable (`after`:
just after it, before anybody is told). `TRUNKLINE_COUNT_COMMITS=FILE` appends one byte a commit, so that a test learns
how many there are. Unset, both cost a method call.
"""

import os
import signal
import threading


class CrashPoints:
    """No points: what runs outside fault tests."""

    def before(self) -> None:
        """Called when a commit is about to be made durable."""

    def after(self) -> None:
        """Called when it is, before its callers are answered."""


class _Armed(CrashPoints):
    _lock = threading.Lock()
    _count = 0

    def __init__(self, crash_at: str, count_file: str) -> None:
        number, _, side = crash_at.partition(":")
        self._number = int(number or 0)
        self._side = side or "after"
        self._file = os.open(count_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if count_file else None

    def before(self) -> None:
        with _Armed._lock:  # several databases share one numbering
            _Armed._count += 1
            if self._file is not None:
                os.write(self._file, b".")
            if _Armed._count == self._number and self._side == "before":
                os.kill(os.getpid(), signal.SIGKILL)

    def after(self) -> None:
        if _Armed._count == self._number and self._side == "after":
            os.kill(os.getpid(), signal.SIGKILL)


def crash_points() -> CrashPoints:
    """The points this process was started with."""
    crash_at = os.environ.get("TRUNKLINE_CRASH_AT", "")
    count_file = os.environ.get("TRUNKLINE_COUNT_COMMITS", "")
    return _Armed(crash_at, count_file) if crash_at or count_file else CrashPoints()
