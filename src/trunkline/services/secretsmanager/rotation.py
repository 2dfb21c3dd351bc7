"""Rotating a secret: its function is called four times, by AWS's names for the steps, as one durable workflow.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

import orjson

from trunkline.aws import schedules
from trunkline.aws.behalf import on_behalf_of
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.core.due import DueWork
from trunkline.core.log import get
from trunkline.engines.workflows import StepFailed, Workflow, Workflows
from trunkline.services.secretsmanager import store
from trunkline.services.secretsmanager.model import CURRENT, PENDING, Rotation, Secret, Version, move_stage

log = get(__name__)
NAME = "secretsmanager-rotation"
PRINCIPAL = "secretsmanager.amazonaws.com"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
_TRIES = 3
_PAUSE_S = 2.0


class RotationFailed(Exception):
    """The function did not do its step."""


class Rotations:
    """Begins rotations, by a call or on schedule, and carries them out."""

    def __init__(self, kit: Kit, engine: Workflows) -> None:
        self._kit, self._engine = kit, engine
        engine.register(NAME, self._run, failed=self._died)
        self._queue: DueWork[Secret] = DueWork(
            kit.clock,
            due=self._due,
            next_due=self._next_due,
            key=lambda secret: secret.arn,
            work=self._begin_due,
            at_once=10,
            what="rotation of a secret",
        )
        self.run = self._queue.run

    def begin_in(self, tx: Tx, secret: Secret, token: str) -> None:
        """Start one in a transaction: a version without a value holds AWSPENDING until the function gives it one."""
        assert secret.rotation is not None
        version = Version(secret.account, secret.region, secret.name, token, "", False, self._kit.clock.now())
        versions = [*store.versions(tx, secret), version]
        move_stage(versions, PENDING, version)
        store.keep(tx, versions)
        secret.rotation.token = token
        input = {"account": secret.account, "region": secret.region, "name": secret.name, "token": token}
        self._engine.start_in(tx, NAME, f"{secret.arn} {token}", input)

    def plan(self, rotation: Rotation) -> None:
        """Set when it is next due, from now on."""
        now = self._kit.clock.time()
        rotation.next_at = schedules.parse(expression(rotation.rules)).next_after(now, now) if rotation.rules else None

    async def invoke(self, secret: Secret, payload: Doc, *, dry: bool = False) -> None:
        """Call the secret's function. AwsError when it may not be called, RotationFailed when it fails."""
        assert secret.rotation is not None
        request = {
            "FunctionName": secret.rotation.function,
            "InvocationType": "DryRun" if dry else "RequestResponse",
            "Payload": orjson.dumps(payload),
        }
        caller = Caller.service(PRINCIPAL, secret.account, secret.region)
        with on_behalf_of(secret.arn, secret.account):
            answer = await self._kit.call("lambda", "Invoke", request, as_=caller)
        if answer.get("FunctionError"):
            raise RotationFailed((await _read(answer["Payload"])).decode(errors="replace")[:500])

    async def _run(self, wf: Workflow, input: Doc) -> None:
        for step in STEPS:
            error = await self._step(wf, input, step)
            if error:
                await wf.commit("failed", lambda tx, error=error: self._ended(tx, input, error))  # type: ignore[misc]
                return
        await wf.commit("rotated", lambda tx: self._ended(tx, input, ""))

    async def _step(self, wf: Workflow, input: Doc, step: str) -> str:
        """Why it failed, the last time of a few; nothing if it did not."""
        why = ""
        for number in range(1, _TRIES + 1):
            try:
                await wf.step(f"{step} {number}", self._call, input, step)
            except StepFailed as error:
                why = f"{step}: {error.message}"
                await wf.wait(_PAUSE_S, f"after {step} {number}")
            else:
                return ""
        return why

    async def _call(self, input: Doc, step: str) -> None:
        secret = self._secret(self._kit.db, input)
        if secret is not None and secret.rotation is not None:
            await self.invoke(secret, {"SecretId": secret.arn, "ClientRequestToken": input["token"], "Step": step})

    def _ended(self, tx: Tx, input: Doc, error: str) -> None:
        secret = self._secret(tx, input)
        if secret is None or secret.rotation is None or secret.rotation.token != input["token"]:
            return  # cancelled, or begun anew
        secret.rotation.token = ""
        if error:
            log.warning("a secret was not rotated", secret=secret.arn, why=error)
        else:
            secret.rotation.last = self._kit.clock.now()
            versions = store.versions(tx, secret)
            if any(PENDING in one.stages and CURRENT in one.stages for one in versions):
                move_stage(versions, PENDING, None)
                store.keep(tx, versions)
        store.SECRETS.put(tx, secret)

    def _died(self, tx: Tx, workflow_id: str, input: Doc, error: str) -> None:
        self._ended(tx, input, error)

    def _secret(self, reader: Any, input: Doc) -> Secret | None:
        found = store.SECRETS.get(reader, input["account"], input["region"], input["name"])
        return found if found is not None and found.deleted is None else None

    # on schedule -----------------------------------------------------------------------------------------------------

    def nudge(self) -> None:
        """A schedule was changed; callable from the writer's thread."""
        self._queue.nudge()

    def _planned(self) -> list[Secret]:
        found = store.SECRETS.find(self._kit.db)
        return [one for one in found if one.deleted is None and one.rotation and one.rotation.next_at is not None]

    def _due(self, now: float, most: int) -> Iterable[Secret]:
        return [one for one in self._planned() if one.rotation and (one.rotation.next_at or now) <= now][:most]

    def _next_due(self) -> float | None:
        return min(
            (one.rotation.next_at for one in self._planned() if one.rotation and one.rotation.next_at), default=None
        )

    async def _begin_due(self, secret: Secret) -> None:
        def write(tx: Tx) -> None:
            now = store.SECRETS.get(tx, secret.account, secret.region, secret.name)
            if now is None or now.rotation is None or now.rotation.next_at is None:
                return
            self.plan(now.rotation)
            if not now.rotation.token:
                self.begin_in(tx, now, ids.uuid())
            store.SECRETS.put(tx, now)

        await self._kit.db.write(write)


def expression(rules: Doc) -> str:
    """The rules as a schedule; the days of AutomaticallyAfterDays as a rate."""
    if rules.get("ScheduleExpression"):
        return str(rules["ScheduleExpression"])
    days = int(rules["AutomaticallyAfterDays"])
    return f"rate({days} {'day' if days == 1 else 'days'})"


async def _read(payload: bytes | AsyncIterator[bytes]) -> bytes:
    return payload if isinstance(payload, bytes) else b"".join([chunk async for chunk in payload])
