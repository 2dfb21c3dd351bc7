"""Live tail: sessions that see accepted events as they are put, sampled down to what a client can show.

Sessions live in memory only: a session ends with its connection, and missed nothing that it had a right to.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Doc
from trunkline.core.clock import Clock
from trunkline.services.logs.pattern import Pattern

_UPDATE_S = 1.0
_SESSION_S = 3 * 3600
_MOST = 500


@dataclass(eq=False, slots=True)
class Session:
    """What one client asked for, and what it has not been sent yet."""

    account: str
    groups: Mapping[str, str]
    """The identifiers to show, by the group's id."""
    streams: frozenset[str] | None
    prefixes: tuple[str, ...]
    pattern: Pattern
    waiting: list[Doc] = field(default_factory=list)
    matched: int = 0

    def wants(self, stream: str) -> bool:
        if self.streams is not None:
            return stream in self.streams
        return not self.prefixes or stream.startswith(self.prefixes)

    def offer(self, event: Doc) -> None:
        """Every event of a second has the same chance to be among those that are sent."""
        if not self.pattern.matches(event["message"]):
            return
        self.matched += 1
        if len(self.waiting) < _MOST:
            self.waiting.append(event)
        elif (place := random.randrange(self.matched)) < _MOST:  # noqa: S311  a sample, not a secret
            self.waiting[place] = event

    def update(self) -> Doc:
        results, sampled = self.waiting, self.matched > _MOST
        if sampled:
            results.sort(key=lambda event: (event["ingestionTime"], event["timestamp"]))
        self.waiting, self.matched = [], 0
        return {"sessionMetadata": {"sampled": sampled}, "sessionResults": results}


class LiveTail:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sessions: set[Session] = set()

    def sessions(self, account: str) -> int:
        """How many the account has open."""
        return sum(session.account == account for session in self._sessions)

    def publish(
        self, group: str, stream: str, times_ms: Sequence[int], messages: Sequence[str], ingestion_ms: int
    ) -> None:
        """Tell the sessions of stored events. Costs nothing while there is no session."""
        for session in self._sessions:
            identifier = session.groups.get(group)
            if identifier is not None and session.wants(stream):
                for time_ms, message in zip(times_ms, messages, strict=True):
                    session.offer(
                        {
                            "logStreamName": stream,
                            "logGroupIdentifier": identifier,
                            "message": message,
                            "timestamp": time_ms,
                            "ingestionTime": ingestion_ms,
                        }
                    )

    async def events(self, session: Session, start: Doc) -> AsyncIterator[tuple[str, Doc]]:
        """The session's stream: its start, then an update every second, empty or not, until it times out."""
        self._sessions.add(session)
        try:
            yield "sessionStart", start
            end = self._clock.monotonic() + _SESSION_S
            while self._clock.monotonic() < end:
                await self._clock.sleep(_UPDATE_S)
                yield "sessionUpdate", session.update()
            raise AwsError("SessionTimeoutException", "The Live Tail session has timed out after three hours.")
        finally:
            self._sessions.discard(session)
