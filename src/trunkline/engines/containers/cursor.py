"""Where a reader of a container's log stopped, such that it can go on without losing or repeating a line.

A timestamp alone is not enough: the engine filters by "not older than", two lines can carry the same nanosecond, and a
line of stderr can be written to the log behind one of stdout that is newer by some microseconds. So a cursor is an
anchor that lies some seconds in the past together with the number of lines, not older than the anchor, that were read.
The engine's log only grows at its end, so skipping that many of them resumes exactly.
"""

from collections import deque

_SLACK_NS = 5_000_000_000
_MOVE_AFTER = 512


class CursorTracker:
    """Follows the lines of one container; feed it every line the engine tells, in order."""

    def __init__(self, after: str | None = None) -> None:
        self._anchor_ns, self._skip = parse(after)
        self._seen = 0
        self._recent: deque[int] = deque()
        self._move_at = _MOVE_AFTER

    @property
    def since_ns(self) -> int:
        """Ask the engine for lines not older than this."""
        return self._anchor_ns

    def advance(self, timestamp_ns: int) -> str | None:
        """The cursor behind this line, or None if the line was read before and is to be skipped."""
        self._seen += 1
        self._recent.append(timestamp_ns)
        if self._seen <= self._skip:
            return None
        if len(self._recent) >= self._move_at:
            self._move(timestamp_ns - _SLACK_NS)
        return f"{self._anchor_ns}:{self._seen}"

    def resume(self) -> None:
        """The engine will be asked again from `since_ns`: what was told so far comes once more."""
        self._skip = max(self._skip, self._seen)
        self._seen = 0
        self._recent.clear()

    def _move(self, anchor_ns: int) -> None:
        """Bring the anchor closer, so that a resumption does not read hours of log again."""
        kept = deque(at for at in self._recent if at >= anchor_ns)
        # A burst keeps all its lines: look again only once there are twice as many.
        self._move_at = max(_MOVE_AFTER, 2 * len(kept))
        if anchor_ns > self._anchor_ns:
            self._anchor_ns, self._recent, self._seen, self._skip = anchor_ns, kept, len(kept), 0


def parse(cursor: str | None) -> tuple[int, int]:
    """The anchor in nanoseconds and the number of lines to skip."""
    if not cursor:
        return 0, 0
    anchor, _, skip = cursor.partition(":")
    return int(anchor), int(skip)
