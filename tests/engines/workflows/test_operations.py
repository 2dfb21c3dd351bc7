"""What a workflow may rely on: nothing twice, nothing lost, whatever line the process died at."""

import asyncio
from typing import Any

import pytest

from tests.engines.workflows.machine import Machine
from trunkline.core.db import Tx
from trunkline.engines.workflows import (
    Interrupted,
    StepFailed,
    Workflow,
    WorkflowFailed,
    WorkflowStatus,
)

Doc = dict[str, Any]


async def test_runs_steps_in_order_and_gives_the_result(machine: Machine) -> None:
    async def deploy(wf: Workflow, input: Doc) -> Doc:
        first = await wf.step("first", machine.note, input["say"])
        return {"said": [first, await wf.step("second", machine.note, "b")]}

    engine = await machine.reboot(deploy=deploy)
    assert await engine.start("deploy", "d-1", {"say": "a"})
    assert await engine.result("d-1") == {"said": ["a", "b"]}
    assert engine.status("d-1") is WorkflowStatus.SUCCEEDED


async def test_starting_the_same_id_again_does_nothing(machine: Machine) -> None:
    async def deploy(wf: Workflow, input: Doc) -> None:
        await wf.step("only", machine.note, "ran")

    engine = await machine.reboot(deploy=deploy)
    assert await engine.start("deploy", "d-1", {})
    assert not await engine.start("deploy", "d-1", {})
    await engine.result("d-1")
    assert not await engine.start("deploy", "d-1", {})
    assert machine.calls == ["ran"]


async def test_resumes_at_the_line_where_it_was(machine: Machine) -> None:
    async def deploy(wf: Workflow, input: Doc) -> Doc:
        got = await wf.step("before", machine.note, "before")
        await wf.receive("go")
        await wf.step("after", machine.note, "after")
        return {"got": got}

    engine = await machine.reboot(deploy=deploy)
    await engine.start("deploy", "d-1", {})
    await machine.until(lambda: machine.calls)
    engine = await machine.reboot(deploy=deploy)
    assert await engine.send("d-1", "go", {})
    assert await engine.result("d-1") == {"got": "before"}
    assert machine.calls == ["before", "after"]


async def test_a_step_cut_off_by_a_stop_runs_again(machine: Machine) -> None:
    async def slow(wf_key: str) -> str:
        machine.calls.append(wf_key)
        if len(machine.calls) == 1:
            await asyncio.Event().wait()
        return "done"

    async def deploy(wf: Workflow, input: Doc) -> Doc:
        return {"got": await wf.step("slow", slow, wf.key("slow"))}

    engine = await machine.reboot(deploy=deploy)
    await engine.start("deploy", "d-1", {})
    await machine.until(lambda: machine.calls)
    engine = await machine.reboot(deploy=deploy)
    assert await engine.result("d-1") == {"got": "done"}
    assert len(machine.calls) == 2
    assert machine.calls[0] == machine.calls[1], "the key must be the same on both runs"


async def test_commit_shares_its_transaction_with_the_state(machine: Machine) -> None:
    machine.db.migrate("test", ["CREATE TABLE seen (word TEXT)"])

    async def deploy(wf: Workflow, input: Doc) -> Doc:
        count = await wf.commit("seen", lambda tx: tx.execute("INSERT INTO seen VALUES ('x')"))
        await wf.receive("go")
        return {"count": count}

    engine = await machine.reboot(deploy=deploy)
    await engine.start("deploy", "d-1", {})
    await machine.until(lambda: machine.db.one("SELECT * FROM seen"))
    engine = await machine.reboot(deploy=deploy)
    await engine.send("d-1", "go", {})
    assert await engine.result("d-1") == {"count": 1}
    assert len(machine.db.all("SELECT * FROM seen")) == 1


async def test_a_failed_commit_leaves_no_state_and_is_told_the_same_way_after_a_restart(machine: Machine) -> None:
    machine.db.migrate("test", ["CREATE TABLE seen (word TEXT)"])

    def work(tx: Tx) -> None:
        tx.execute("INSERT INTO seen VALUES ('x')")
        machine.calls.append("work")
        raise LookupError("no such deployment")

    async def deploy(wf: Workflow, input: Doc) -> Doc:
        try:
            await wf.commit("seen", work)
        except StepFailed as failed:
            await wf.receive("go")
            return {"kind": failed.kind, "message": failed.message}
        return {}

    engine = await machine.reboot(deploy=deploy)
    await engine.start("deploy", "d-1", {})
    await machine.until(lambda: machine.calls)
    engine = await machine.reboot(deploy=deploy)
    await engine.send("d-1", "go", {})
    assert await engine.result("d-1") == {"kind": "LookupError", "message": "no such deployment"}
    assert machine.db.all("SELECT * FROM seen") == []
    assert machine.calls in (["work"], ["work", "work"])


async def test_a_wait_keeps_its_deadline_over_a_restart(machine: Machine) -> None:
    async def deploy(wf: Workflow, input: Doc) -> None:
        await wf.wait(600, "bake")

    engine = await machine.reboot(deploy=deploy)
    await engine.start("deploy", "d-1", {})
    await machine.until(lambda: machine.db.one("SELECT * FROM workflow_journal"))
    await machine.clock.advance(400)
    engine = await machine.reboot(deploy=deploy)
    await machine.clock.advance(199)
    assert engine.status("d-1") is WorkflowStatus.RUNNING
    await machine.clock.advance(2)
    await engine.result("d-1")


async def test_a_wait_is_cut_short_by_a_message_of_its_interrupt_topics(machine: Machine) -> None:
    async def deploy(wf: Workflow, input: Doc) -> Doc:
        try:
            await wf.wait(600, "bake", interrupt=("stop",))
        except Interrupted as cut:
            await wf.receive("go")
            return {"topic": cut.topic, **cut.message}
        return {}

    engine = await machine.reboot(deploy=deploy)
    await engine.start("deploy", "d-1", {})
    await engine.send("d-1", "stop", {"why": "asked"})
    engine = await machine.reboot(deploy=deploy)
    await engine.send("d-1", "go", {})
    assert await engine.result("d-1") == {"topic": "stop", "why": "asked"}


async def test_messages_are_read_once_and_in_order(machine: Machine) -> None:
    async def deploy(wf: Workflow, input: Doc) -> Doc:
        return {"got": [await wf.receive("go") for _ in range(3)]}

    engine = await machine.reboot(deploy=deploy)
    await engine.start("deploy", "d-1", {})
    await engine.send("d-1", "go", {"n": 1}, "m-1")
    await engine.send("d-1", "go", {"n": 1}, "m-1")
    engine = await machine.reboot(deploy=deploy)
    await engine.send("d-1", "go", {"n": 1}, "m-1")
    await engine.send("d-1", "go", {"n": 2})
    await engine.send("d-1", "go", {"n": 3})
    assert await engine.result("d-1") == {"got": [{"n": 1}, {"n": 2}, {"n": 3}]}
    assert not await engine.send("d-1", "go", {"n": 4}), "nobody reads it any more"
    assert not await engine.send("d-unknown", "go", {})


async def test_receive_gives_none_after_its_time_out(machine: Machine) -> None:
    async def deploy(wf: Workflow, input: Doc) -> Doc:
        return {"got": await wf.receive("approval", timeout_s=3600)}

    engine = await machine.reboot(deploy=deploy)
    await engine.start("deploy", "d-1", {})
    await machine.until(lambda: engine.status("d-1") is not WorkflowStatus.RUNNING, advance_s=600)
    assert await engine.result("d-1") == {"got": None}


async def test_poll_asks_until_there_is_an_answer_and_keeps_it(machine: Machine) -> None:
    answers = [None, ConnectionError("docker went away"), None, "HEALTHY"]

    async def look() -> str | None:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def deploy(wf: Workflow, input: Doc) -> Doc:
        got = await wf.poll("healthy", look, every_s=1)
        await wf.receive("go")
        return {"got": got}

    engine = await machine.reboot(deploy=deploy)
    await engine.start("deploy", "d-1", {})
    await machine.until(lambda: not answers, advance_s=1)
    await engine.send("d-1", "go", {})
    await machine.reboot(deploy=deploy)
    assert await machine.engine.result("d-1") == {"got": "HEALTHY"}


async def test_poll_gives_up_after_its_time_out_at_an_interrupt_or_after_errors(machine: Machine) -> None:
    async def nothing() -> None:
        machine.calls.append("looked")

    async def broken() -> None:
        raise ConnectionError("no docker")

    async def deploy(wf: Workflow, input: Doc) -> Doc:
        out: Doc = {"late": await wf.poll("late", nothing, every_s=5, timeout_s=12)}
        try:
            await wf.poll("cut", nothing, every_s=5, interrupt=("stop",))
        except Interrupted as cut:
            out["cut"] = cut.topic
        try:
            await wf.poll("broken", broken, every_s=5)
        except StepFailed as failed:
            out["broken"] = failed.kind
        return out

    engine = await machine.reboot(deploy=deploy)
    await engine.start("deploy", "d-1", {})
    await machine.until(lambda: len(machine.calls) > 5, advance_s=1)
    await engine.send("d-1", "stop", {})
    await machine.until(lambda: engine.status("d-1") is not WorkflowStatus.RUNNING, advance_s=5)
    assert await engine.result("d-1") == {"late": None, "cut": "stop", "broken": "ConnectionError"}


async def test_branches_run_at_once_and_each_resumes_at_its_own_line(machine: Machine) -> None:
    async def branch(wf: Workflow, name: str) -> str:
        await wf.step("begin", machine.note, f"{name} begin")
        await wf.receive(f"go-{name}")
        return await wf.step("end", machine.note, f"{name} end")

    async def stage(wf: Workflow, input: Doc) -> Doc:
        return await wf.gather(
            "actions", {"unit": lambda wf: branch(wf, "unit"), "lint": lambda wf: branch(wf, "lint")}
        )

    engine = await machine.reboot(stage=stage)
    await engine.start("stage", "s-1", {})
    await engine.send("s-1", "go-lint", {})
    await machine.until(lambda: len(machine.calls) == 3)
    engine = await machine.reboot(stage=stage)
    await engine.send("s-1", "go-unit", {})
    assert await engine.result("s-1") == {"unit": "unit end", "lint": "lint end"}
    assert sorted(machine.calls) == ["lint begin", "lint end", "unit begin", "unit end"]


async def test_gather_lets_every_branch_end_before_it_raises(machine: Machine) -> None:
    async def good(wf: Workflow) -> str:
        await wf.wait(5)
        return await wf.step("good", machine.note, "good")

    async def bad(wf: Workflow) -> str:
        raise ValueError("bad branch")

    async def stage(wf: Workflow, input: Doc) -> Doc:
        return await wf.gather("actions", {"bad": bad, "good": good})

    engine = await machine.reboot(stage=stage)
    await engine.start("stage", "s-1", {})
    await machine.until(lambda: engine.status("s-1") is not WorkflowStatus.RUNNING, advance_s=5)
    assert machine.calls == ["good"]
    with pytest.raises(WorkflowFailed, match="bad branch"):
        await engine.result("s-1")
