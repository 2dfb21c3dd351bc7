"""Members on their way in: probed often until they answer as they should, then handed to HAProxy.

They are "initial" until they pass, or until as much time has gone by as their unhealthy threshold takes; then
"unhealthy", and probed on.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from trunkline.core.clock import Clock
from trunkline.engines.proxy.interface import HealthState, Member, MemberHealth, TargetGroup
from trunkline.engines.proxy.probe import ProbeResult, probe

_OFTEN_S = 0.2
_SELDOM_S = 1.0
_OFTEN_FOR_S = 30.0


@dataclass(slots=True)
class _Candidate:
    group: TargetGroup
    since: float
    task: asyncio.Task[None] | None = None
    last: ProbeResult | None = None


class Joining:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._candidates: dict[tuple[str, Member], _Candidate] = {}
        self.changed = asyncio.Event()

    def passed(self, group: TargetGroup, member: Member) -> bool:
        """Whether it may come in; the first call starts the probing."""
        candidate = self._candidates.get((group.id, member))
        if candidate is not None and _checked(candidate.group) != _checked(group):
            self.forget(group, member)
            candidate = None
        if candidate is None:
            candidate = self._candidates[group.id, member] = _Candidate(group, self._clock.monotonic())
            candidate.task = asyncio.create_task(self._probe(candidate, member))
        return candidate.last is not None and candidate.last.passed

    def health(self, group: TargetGroup, member: Member) -> MemberHealth:
        candidate = self._candidates.get((group.id, member))
        if candidate is None or candidate.last is None or candidate.last.passed:
            return MemberHealth(HealthState.INITIAL)
        check = candidate.group.health_check
        if self._clock.monotonic() - candidate.since < check.interval_s * check.unhealthy_threshold:
            return MemberHealth(HealthState.INITIAL, candidate.last.failure, candidate.last.code)
        return MemberHealth(HealthState.UNHEALTHY, candidate.last.failure, candidate.last.code)

    def forget(self, group: TargetGroup, member: Member) -> None:
        self._drop((group.id, member))

    def keep(self, wanted: set[tuple[str, Member]]) -> None:
        for key in [key for key in self._candidates if key not in wanted]:
            self._drop(key)

    async def close(self) -> None:
        tasks = [candidate.task for candidate in self._candidates.values() if candidate.task is not None]
        for key in list(self._candidates):
            self._drop(key)
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _drop(self, key: tuple[str, Member]) -> None:
        candidate = self._candidates.pop(key, None)
        if candidate is not None and candidate.task is not None:
            candidate.task.cancel()

    async def _probe(self, candidate: _Candidate, member: Member) -> None:
        while True:
            candidate.last = await probe(member, candidate.group.health_check, candidate.group.source)
            if candidate.last.passed:
                return
            often = self._clock.monotonic() - candidate.since < _OFTEN_FOR_S
            await self._clock.sleep(_OFTEN_S if often else _SELDOM_S)


def _checked(group: TargetGroup) -> tuple[object, str]:
    return group.health_check, group.source
