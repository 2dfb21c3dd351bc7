"""Versions, failures, limits and retention: what the engine promises to those who register workflows."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from tests.engines.workflows.machine import Machine
from trunkline.core.clock import RealClock
from trunkline.core.db import Tx
from trunkline.engines.workflows import (
    JournalWorkflows,
    Workflow,
    WorkflowFailed,
    WorkflowStatus,
)

Doc = dict[str, Any]


async def test_code_that_no_longer_matches_its_journal_fails_loudly_even_if_it_catches_everything(
    machine: Machine,
) -> None:
    async def old(wf: Workflow, input: Doc) -> None:
        await wf.step("create", machine.note, "create")
        await wf.receive("go")

    async def new(wf: Workflow, input: Doc) -> None:
        try:
            await wf.step("make", machine.note, "make")
        except Exception:
            return

    engine = await machine.reboot(deploy=old)
    await engine.start("deploy", "d-1", {})
    await machine.until(lambda: machine.calls)
    await machine.until(lambda: machine.db.one("SELECT * FROM workflow_journal"))
    engine = await machine.reboot(deploy=new)
    with pytest.raises(WorkflowFailed, match="'step:make', the journal has 'step:create'"):
        await engine.result("d-1")
    assert machine.calls == ["create"]


async def test_code_that_ends_before_its_journal_does_fails(machine: Machine) -> None:
    async def old(wf: Workflow, input: Doc) -> None:
        await wf.step("create", machine.note, "create")
        await wf.receive("go")

    async def new(wf: Workflow, input: Doc) -> None:
        return None

    engine = await machine.reboot(deploy=old)
    await engine.start("deploy", "d-1", {})
    await machine.until(lambda: machine.db.one("SELECT * FROM workflow_journal"))
    engine = await machine.reboot(deploy=new)
    with pytest.raises(WorkflowFailed, match="the journal goes on with 'step:create'"):
        await engine.result("d-1")


async def test_two_operations_at_once_outside_gather_are_refused(machine: Machine) -> None:
    async def deploy(wf: Workflow, input: Doc) -> None:
        await asyncio.gather(wf.receive("a"), wf.receive("b"))

    engine = await machine.reboot(deploy=deploy)
    await engine.start("deploy", "d-1", {})
    with pytest.raises(WorkflowFailed, match="use gather"):
        await engine.result("d-1")


async def test_running_workflows_keep_the_code_version_they_started_with(machine: Machine) -> None:
    async def deploy(wf: Workflow, input: Doc) -> Doc:
        await wf.receive("go")
        return {"version": wf.version, "code": "old"}

    async def deploy_2(wf: Workflow, input: Doc) -> Doc:
        return {"version": wf.version, "code": "new"}

    engine = await machine.reboot(deploy=deploy)
    await engine.start("deploy", "d-1", {})
    await engine.close()
    machine.engine = engine = JournalWorkflows(machine.db, machine.clock)
    engine.register("deploy", deploy)
    engine.register("deploy", deploy_2, version=3, since=2)
    with pytest.raises(ValueError, match="two functions for version"):
        engine.register("deploy", deploy, version=2)
    await engine.resume()
    await engine.start("deploy", "d-2", {})
    await engine.send("d-1", "go", {})
    assert await engine.result("d-1") == {"version": 1, "code": "old"}
    assert await engine.result("d-2") == {"version": 3, "code": "new"}


async def test_a_workflow_without_code_waits_for_a_program_that_has_it(machine: Machine) -> None:
    async def deploy(wf: Workflow, input: Doc) -> None:
        await wf.receive("go")

    engine = await machine.reboot(deploy=deploy)
    await engine.start("deploy", "d-1", {})
    engine = await machine.reboot()
    assert engine.status("d-1") is WorkflowStatus.RUNNING
    engine = await machine.reboot(deploy=deploy)
    await engine.send("d-1", "go", {})
    assert await engine.result("d-1") is None


async def test_an_escaping_error_is_told_to_the_service_in_the_commit_that_ends_the_workflow(machine: Machine) -> None:
    machine.db.migrate("test", ["CREATE TABLE died (id TEXT, why TEXT)"])

    async def deploy(wf: Workflow, input: Doc) -> None:
        await wf.step("break", machine.note, "break")
        raise RuntimeError("our bug")

    def failed(tx: Tx, workflow_id: str, input: Doc, error: str) -> None:
        tx.execute("INSERT INTO died VALUES (?, ?)", (workflow_id, error))

    machine.engine.register("deploy", deploy, failed=failed)
    await machine.engine.resume()
    await machine.engine.start("deploy", "d-1", {})
    with pytest.raises(WorkflowFailed, match="our bug"):
        await machine.engine.result("d-1")
    assert [tuple(row) for row in machine.db.all("SELECT * FROM died")] == [("d-1", "RuntimeError: our bug")]


async def test_at_once_bounds_how_many_run_and_the_rest_queue(machine: Machine) -> None:
    running: set[str] = set()
    most = 0

    async def deploy(wf: Workflow, input: Doc) -> None:
        nonlocal most
        running.add(wf.id)
        most = max(most, len(running))
        await wf.wait(5)
        running.discard(wf.id)

    machine.engine.register("deploy", deploy, at_once=2)
    await machine.engine.resume()
    for number in range(6):
        await machine.engine.start("deploy", f"d-{number}", {})
    await machine.until(
        lambda: all(machine.engine.status(f"d-{n}") is WorkflowStatus.SUCCEEDED for n in range(6)), advance_s=1
    )
    assert most == 2


async def test_starting_in_a_transaction_that_fails_starts_nothing(machine: Machine) -> None:
    async def deploy(wf: Workflow, input: Doc) -> None:
        machine.calls.append("ran")

    def work(tx: Tx) -> None:
        machine.engine.start_in(tx, "deploy", "d-1", {})
        raise ValueError("rolled back")

    engine = await machine.reboot(deploy=deploy)
    with pytest.raises(ValueError, match="rolled back"):
        await machine.db.write(work)
    assert engine.status("d-1") is None
    with pytest.raises(KeyError):
        await engine.result("d-1")
    assert machine.calls == []


async def test_what_ended_long_ago_is_forgotten(machine: Machine) -> None:
    async def deploy(wf: Workflow, input: Doc) -> None:
        if input.get("wait"):
            await wf.receive("go")
        await wf.step("only", machine.note, "ran")

    engine = await machine.reboot(deploy=deploy)
    await engine.start("deploy", "old", {})
    await engine.start("deploy", "waiting", {"wait": True})
    await engine.result("old")
    for _ in range(8):
        await machine.clock.advance(24 * 3600)
    await machine.until(lambda: engine.status("old") is None, advance_s=3600)
    assert engine.status("waiting") is WorkflowStatus.RUNNING
    assert machine.db.all("SELECT * FROM workflow_journal WHERE workflow_id = 'old'") == []


async def test_a_thousand_waiting_workflows_resume_within_a_second_and_wake_at_once(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.clock = RealClock()

    async def deploy(wf: Workflow, input: Doc) -> Doc:
        await wf.commit("one", lambda tx: 1)
        await wf.commit("two", lambda tx: 2)
        return {"got": await wf.receive("go", timeout_s=3600, interrupt=("stop",))}

    engine = await machine.reboot(deploy=deploy)
    await asyncio.gather(*(engine.start("deploy", f"d-{n}", {}) for n in range(1000)))

    def waiting() -> bool:
        row = machine.db.one("SELECT count(*) AS n FROM workflow_journal WHERE name = 'receive:go'")
        return row is not None and row["n"] == 1000

    await machine.until(waiting)
    await engine.close()
    engine = machine.engine = JournalWorkflows(machine.db, machine.clock)
    engine.register("deploy", deploy)
    begun = time.perf_counter()
    await engine.resume()
    await engine.send("d-999", "go", {"n": 1})  # the last to be resumed
    assert await engine.result("d-999") == {"got": {"n": 1}}
    assert time.perf_counter() - begun < 1.0
    await engine.close()
    machine.db.close()


async def test_a_database_that_takes_nothing_for_a_while_fails_no_workflow(machine: Machine) -> None:
    async def deploy(wf: Workflow, input: Doc) -> None:
        await wf.receive("go")
        await wf.commit("one", lambda tx: 1)
        await wf.step("two", machine.note, "two")

    def full() -> None:
        if refusals:
            refusals.pop()
            raise OSError("database or disk is full")

    refusals: list[int] = []
    engine = await machine.reboot(deploy=deploy)
    await engine.start("deploy", "d-1", {})
    await engine.send("d-1", "go", {})
    machine.db._crash.before = full  # type: ignore[method-assign]
    refusals += [1, 2, 3]
    await machine.until(lambda: engine.status("d-1") is WorkflowStatus.SUCCEEDED, advance_s=1)
    assert machine.calls[-1] == "two"


async def test_close_is_not_held_up_by_a_step_that_swallows_its_cancellation(machine: Machine) -> None:
    async def stubborn() -> None:
        machine.calls.append("begun")
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await asyncio.sleep(3600)

    async def deploy(wf: Workflow, input: Doc) -> None:
        await wf.step("stubborn", stubborn)

    engine = await machine.reboot(deploy=deploy)
    await engine.start("deploy", "d-1", {})
    await machine.until(lambda: machine.calls)
    await asyncio.wait_for(engine.close(), 5)
    assert engine.status("d-1") is WorkflowStatus.RUNNING
