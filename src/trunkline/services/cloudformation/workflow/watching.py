"""What ends an operation from outside while it runs: the stack's time-out, and alarms named as rollback triggers.

Watchers only ask (cancelling.ask); what follows is decided in the workflow's own journalled commits.
"""

import asyncio
import contextlib
from types import TracebackType
from typing import Any

from trunkline.aws import arn as arns
from trunkline.aws.errors import AwsError
from trunkline.core.log import get
from trunkline.engines.workflows import Interrupted, Workflow
from trunkline.services.cloudformation.workflow import words
from trunkline.services.cloudformation.workflow.cancelling import Cancels, ask
from trunkline.services.cloudformation.workflow.session import Session

log = get(__name__)
Doc = dict[str, Any]
CANCEL = "cancel"
_LOOK_EVERY_S = 1.0


class Watching:
    """`async with` around an operation: its watchers live as long."""

    def __init__(self, session: Session, cancels: Cancels) -> None:
        self._session = session
        self._cancels = cancels
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> None:
        session = self._session
        kind = session.operation.kind
        if kind == "CREATE" and session.stack.timeout_min:
            self._tasks.append(asyncio.create_task(self._time_out(session.stack.timeout_min)))
        if kind in ("CREATE", "UPDATE") and session.stack.rollback.get("RollbackTriggers"):
            self._tasks.append(asyncio.create_task(self._alarms(session.stack.rollback["RollbackTriggers"])))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _time_out(self, minutes: int) -> None:
        clock, begun = self._session.kit.clock, self._session.operation.begun.timestamp()
        await clock.wait_until(begun + (clock.due(minutes * 60.0) - clock.due(0)))
        await self._ask(words.TIMED_OUT)

    async def _alarms(self, triggers: list[Doc]) -> None:
        """Alarms of the account and region in state ALARM roll the operation back."""
        session = self._session
        names = [arns.parse(one["Arn"]).resource.removeprefix("alarm:") for one in triggers]
        while True:
            try:
                caller = await session.callers.of(session.operation)
                answer = await session.kit.call(
                    "cloudwatch",
                    "DescribeAlarms",
                    {"AlarmNames": names, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]},
                    as_=caller,
                )
                found = [*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())]
                for one in found:
                    if one["StateValue"] == "ALARM":
                        await self._ask(
                            f"The following alarm(s) are in ALARM state: [{one['AlarmArn']}]. "
                            "Rollback requested by user."
                        )
                        return
                if len(found) < len(set(names)):
                    there = {one["AlarmArn"] for one in found}
                    gone = [one["Arn"] for one in triggers if one["Arn"] not in there]
                    await self._ask(f"Rollback trigger alarm(s) not found: [{', '.join(gone)}]. ")
                    return
            except AwsError as error:
                log.warning("rollback triggers cannot be looked at", stack=session.stack.id, error=str(error))
            await session.kit.clock.sleep(_LOOK_EVERY_S)

    async def _ask(self, why: str) -> None:
        session = self._session
        await session.kit.db.write(lambda tx: ask(tx, session.stack, why))
        self._cancels.wake(session.operation.id)


async def monitored(wf: Workflow, session: Session) -> None:
    """MonitoringTimeInMinutes: alarms are watched for so long after the resources stand."""
    minutes = session.stack.rollback.get("MonitoringTimeInMinutes") or 0
    if not minutes:
        return
    due = session.kit.clock.due(minutes * 60.0) - session.kit.clock.time()

    async def look() -> bool | None:
        return True if session.failing.is_set() else None

    with contextlib.suppress(Interrupted):
        await wf.poll("monitoring", look, every_s=0.2, timeout_s=max(0.0, due))
