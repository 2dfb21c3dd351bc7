"""What a workflow may rely on: nothing twice, nothing lost, whatever line the process died at."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from trunkline.core.clock import ManualClock, RealClock
from trunkline.core.db import Database, Tx
from trunkline.engines.workflows import (
    Interrupted,
    JournalWorkflows,
    StepFailed,
    Workflow,
    WorkflowFailed,
    WorkflowStatus,
)

Doc = dict[str, Any]


class Machine:
    """A data directory on which engines are started and dropped, as a process would be."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock: Any = ManualClock()
        self.db = Database(path / "core.db")
        self.engine = JournalWorkflows(self.db, self.clock)
        self.calls: list[str] = []

    async def reboot(self, **code: Callable[[Workflow, Doc], Awaitable[Doc | None]]) -> JournalWorkflows:
        await self.engine.close()
        self.engine = JournalWorkflows(self.db, self.clock)
        for name, fn in code.items():
            self.engine.register(name, fn)
        await self.engine.resume()
        return self.engine

    async def note(self, text: str) -> str:
        self.calls.append(text)
        return text

    async def until(self, condition: Callable[[], object], advance_s: float = 0.0) -> None:
        deadline = time.monotonic() + 5
        while not condition():
            assert time.monotonic() < deadline, f"never happened; calls so far: {self.calls}"
            if advance_s:
                await self.clock.advance(advance_s)
            await asyncio.sleep(0.002)


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    await machine.engine.close()
    machine.db.close()


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
