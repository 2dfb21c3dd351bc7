"""What X-Ray does by itself: once a minute it counts the traces of groups and looks for insights; it expires segments.

A minute is looked at when another has passed, so that most of its segments have come.
https://docs.aws.amazon.com/xray/latest/devguide/xray-console-groups.html
"""

from __future__ import annotations

import asyncio

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core.log import get
from trunkline.engines.telemetry import Telemetry
from trunkline.services.xray import store
from trunkline.services.xray.groups import Selecting
from trunkline.services.xray.insights import recording
from trunkline.services.xray.model import Group
from trunkline.services.xray.segments.document import KEPT_S
from trunkline.services.xray.segments.intake import owner_of
from trunkline.services.xray.segments.trace import assemble
from trunkline.services.xray.summaries.finding import latest_first
from trunkline.services.xray.summaries.summary import moment

log = get(__name__)

_MINUTE_S = 60
_MOST_BEHIND_S = 10 * _MINUTE_S
_NAMESPACE = "AWS/X-Ray"
_AT_ONCE = 500


class Watch:
    def __init__(self, kit: Kit, telemetry: Telemetry) -> None:
        self._kit = kit
        self._telemetry = telemetry
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="xray-watch")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look_at(self, minute: float) -> None:
        """The minute that begins at `minute`, for every account and region that has segments."""
        for owner in await asyncio.to_thread(self._telemetry.segment_owners):
            account, _, region = owner.partition("/")
            groups = store.groups(self._kit.db, account, region)
            counted = [group for group in groups if group.expression]
            if counted and (counts := await asyncio.to_thread(self._count, counted, minute)):
                await self._publish(account, region, minute, counts)
            for group in groups:
                if group.insights.get("InsightsEnabled"):
                    await self._judge(group, minute)

    async def _run(self) -> None:
        done = self._latest()
        while True:
            now = self._kit.clock.time()
            await self._kit.clock.sleep(_MINUTE_S - now % _MINUTE_S)
            latest = self._latest()
            # Every minute once, although a sleep may end a moment too early, and a look take longer than a minute.
            for minute in range(max(done + _MINUTE_S, latest - _MOST_BEHIND_S), latest + 1, _MINUTE_S):
                done = minute
                try:
                    await self.look_at(minute)
                    await self._telemetry.expire_segments(int((minute - KEPT_S) * 1000))
                except Exception:
                    log.exception("the groups of X-Ray were not looked at; the next minute is")

    def _latest(self) -> int:
        """The latest minute to be looked at."""
        return int(self._kit.clock.time()) // _MINUTE_S * _MINUTE_S - 2 * _MINUTE_S

    def _count(self, groups: list[Group], minute: float) -> dict[str, int]:
        """How many traces that began in the minute match each group."""
        account, region = groups[0].account, groups[0].region
        owner = owner_of(account, region)
        selecting = Selecting(self._kit.db, account, region)
        selects = {group.name: selecting.by(group.expression) for group in groups}
        counts = dict.fromkeys(selects, 0)
        ids = [one.trace for one in latest_first(self._telemetry, owner, minute, minute + _MINUTE_S, "TraceId")]
        for at in range(0, len(ids), _AT_ONCE):
            for id_, documents in self._telemetry.segments(owner, ids[at : at + _AT_ONCE]).items():
                trace = assemble(id_, documents, account)
                for name, of_group in list(selects.items()):
                    try:
                        counts[name] += of_group(trace)
                    except AwsError as error:  # it names a group that is gone: left out, as with AWS
                        log.warning("a group cannot be asked", group=name, why=error.message)
                        del selects[name], counts[name]
        return counts

    async def _publish(self, account: str, region: str, minute: float, counts: dict[str, int]) -> None:
        data: list[Doc] = [
            {
                "MetricName": "ApproximateTraceCount",
                "Dimensions": [{"Name": "GroupName", "Value": name}],
                "Timestamp": moment(minute),
                "Value": float(count),
                "Unit": "None",
            }
            for name, count in counts.items()
        ]
        caller = Caller.service("xray.amazonaws.com", account, region)
        try:
            await self._kit.call(
                "cloudwatch", "PutMetricData", {"Namespace": _NAMESPACE, "MetricData": data}, as_=caller
            )
        except AwsError as error:
            log.warning("the metrics of X-Ray's groups were refused", why=str(error))

    async def _judge(self, group: Group, minute: float) -> None:
        try:
            insight = await asyncio.to_thread(recording.judge_minute, self._kit.db, self._telemetry, group, minute)
        except AwsError as error:
            log.warning("a group cannot be asked", group=group.name, why=error.message)
            return
        if insight is not None:
            now = self._kit.clock.time()
            await self._kit.db.write(lambda tx: recording.keep(tx, self._kit.ledger, group, insight, now))
