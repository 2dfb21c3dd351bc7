"""The child: answers one call after the other until its caller is gone or has been silent for long."""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import shutil
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from trunkline.engines.telemetry.worker import wire
from trunkline.engines.telemetry.worker.operations import LONG, OPERATIONS

_PAUSE_S = 0.5


def _listen(pipe: BinaryIO, calls: queue.SimpleQueue[Any]) -> None:
    """In a thread, so that the caller's end is noticed in the middle of work."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            calls.put(wire.receive(pipe))
    os._exit(1)


def main(spill: Path, memory_mb: int, idle_s: float) -> NoReturn:
    os.umask(0o077)  # what it writes is the owner's
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not fall among the answers
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")  # rather this process than the server
    shutil.rmtree(spill, ignore_errors=True)  # what a killed predecessor left
    give_back = ctypes.CDLL(None).malloc_trim
    calls: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, calls), daemon=True).start()
    while True:
        try:
            operation, params = calls.get(timeout=_PAUSE_S)
        except queue.Empty:
            give_back(0)  # between two calls it would cost the next one its page faults
            try:
                operation, params = calls.get(timeout=idle_s)
            except queue.Empty:
                os._exit(0)  # not the interpreter's way: the libraries' clean-up at exit is slow and noisy
        if operation in LONG:
            give_back(0)
        try:
            answer = ["", OPERATIONS[operation](spill, memory_mb, params)]
        except Exception as error:
            answer = [type(error).__name__, str(error)]
        with contextlib.suppress(OSError):
            wire.send(answers, answer)
        del operation, params, answer


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
