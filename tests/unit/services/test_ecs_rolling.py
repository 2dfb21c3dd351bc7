"""The plans that keep services at what was asked for, over every order in which tasks may come up and go."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from trunkline.core.clock import ManualClock
from trunkline.services.ecs.model import (
    PENDING,
    RUNNING,
    Launch,
    Service,
    Task,
    TaskContainer,
    TaskSet,
)
from trunkline.services.ecs.scheduling import rolling, task_sets
from trunkline.services.ecs.scheduling.change import Change, is_healthy, why_unhealthy

CLOCK = ManualClock()
NOW = datetime(2026, 1, 1, tzinfo=UTC)
GROUP = "arn:aws:elasticloadbalancing:us-east-1:0:targetgroup/web/1"
BALANCER = [{"targetGroupArn": GROUP, "containerName": "app", "containerPort": 80}]


def service(desired: int, **configuration) -> Service:
    one = Service(
        "0", "us-east-1", "c", "web", desired, "ECS", Launch(), "td:1", NOW, "me", configuration=configuration
    )
    rolling.new_deployment(one, Change(one, CLOCK))
    return one


class Fleet:
    """A service's tasks: starts what a plan wants started, and lets time pass in any order."""

    def __init__(self, owner: Service) -> None:
        self.service = owner
        self.tasks: list[Task] = []
        self.targets: dict = {}

    def plan(self) -> Change:
        change = Change(self.service, CLOCK)
        rolling.plan(change, self.tasks, self.targets, CLOCK.time())
        for start in change.starts:
            self.tasks += [self._task(start) for _ in range(start.count)]
        for task, _ in change.stops:
            task.desired_status = "STOPPED"
        return change

    def _task(self, start) -> Task:
        number = len(self.tasks)
        return Task(
            "0", "us-east-1", "c", f"t{number}", start.task_definition, "service:web", start.launch, NOW,
            [TaskContainer("app", "image", f"c{number}")], service="web", owner=start.owner, last_status=PENDING,
            ip=f"10.0.0.{number}", started_at=NOW - timedelta(hours=1),
        )  # fmt: skip

    def wanted(self) -> list[Task]:
        return [task for task in self.tasks if task.is_wanted]

    def healthy(self) -> int:
        return sum(is_healthy(task, self.targets) for task in self.tasks)

    def settle(self) -> None:
        """Everything that is on its way arrives."""
        for _ in range(50):
            self.plan()
            for task in self.tasks:
                task.last_status = RUNNING if task.is_wanted else task.last_status
            self.tasks = self.wanted()
        self.plan()


@pytest.mark.parametrize("seed", range(60))
def test_a_rolling_deployment_stays_within_its_bounds_whatever_the_order(seed):
    rng = random.Random(seed)
    desired = rng.randrange(1, 8)
    configuration = rng.choice([(100, 200), (50, 100), (0, 100), (100, 150), (50, 150)])
    fleet = Fleet(service(desired, minimumHealthyPercent=configuration[0], maximumPercent=configuration[1]))
    fleet.settle()
    assert fleet.service.primary.rollout_state == "COMPLETED"
    fleet.service.task_definition = "td:2"
    rolling.new_deployment(fleet.service, Change(fleet.service, CLOCK))
    least, most = rolling.bounds(fleet.service)
    if most <= least:
        for _ in range(3):
            fleet.plan()
        said = [event.message for event in fleet.service.events if "unable to stop or start tasks" in event.message]
        assert len(said) == 1
        return
    for _ in range(400):
        fleet.plan()
        assert fleet.healthy() >= least
        assert len(fleet.wanted()) <= max(most, 1)
        starting = [task for task in fleet.wanted() if task.last_status == PENDING]
        gone = [task for task in fleet.tasks if not task.is_wanted]
        if starting and rng.random() < 0.6:
            rng.choice(starting).last_status = RUNNING
        if gone and rng.random() < 0.6:
            fleet.tasks.remove(rng.choice(gone))
        if fleet.service.primary.rollout_state == "COMPLETED":
            break
    assert [task.task_definition for task in fleet.tasks] == ["td:2"] * desired
    assert len(fleet.service.deployments) == 1


def test_bounds_are_rounded_as_aws_rounds_them():
    assert rolling.bounds(service(3, minimumHealthyPercent=50, maximumPercent=150)) == (2, 4)
    assert rolling.bounds(service(1, minimumHealthyPercent=100, maximumPercent=200)) == (1, 2)


@pytest.mark.parametrize(("desired", "expected"), [(1, 3), (6, 3), (7, 4), (25, 13), (400, 200), (800, 200)])
def test_the_circuit_breaker_s_threshold(desired, expected):
    assert rolling.threshold(desired) == expected


def broken(rollback: bool) -> tuple[Fleet, Change]:
    fleet = Fleet(service(2, deploymentCircuitBreaker={"enable": True, "rollback": rollback}))
    fleet.settle()
    fleet.service.task_definition = "td:2"
    rolling.new_deployment(fleet.service, Change(fleet.service, CLOCK))
    fleet.plan()
    fleet.service.primary.failed_tasks = 3
    return fleet, fleet.plan()


def test_the_circuit_breaker_goes_back_to_the_tasks_that_still_run():
    fleet, change = broken(rollback=True)
    primary = fleet.service.primary
    assert (primary.task_definition, primary.rollout_state) == ("td:1", "IN_PROGRESS")
    assert fleet.service.task_definition == "td:1"
    assert [event.detail["eventName"] for event in change.events] == [
        "SERVICE_DEPLOYMENT_FAILED",
        "SERVICE_DEPLOYMENT_IN_PROGRESS",
    ]
    assert [task.task_definition for task in fleet.wanted()] == ["td:1"] * 2
    fleet.settle()
    assert fleet.service.primary.rollout_state == "COMPLETED"


def test_without_rollback_a_failed_deployment_starts_nothing_more_and_the_old_tasks_stay():
    fleet, _ = broken(rollback=False)
    assert fleet.service.primary.rollout_state == "FAILED"
    assert not fleet.plan().starts
    assert [task.task_definition for task in fleet.wanted() if task.last_status == RUNNING] == ["td:1"] * 2


def test_nothing_is_started_while_starts_are_spaced_out():
    fleet = Fleet(service(1))
    fleet.service.paused_until = CLOCK.time() + 5
    assert not fleet.plan().starts


def running(**more) -> Task:
    return Task(
        "0", "us-east-1", "c", "t", "td:1", "g", Launch(load_balancers=BALANCER), NOW, [TaskContainer("app", "i", "c")],
        last_status=RUNNING, ip="10.0.0.9", started_at=NOW, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "expected"),
    [("healthy", True), ("unused", True), ("initial", False), ("unhealthy", False), ("draining", False), (None, False)],
)
def test_a_task_is_healthy_when_its_load_balancer_says_so(state, expected):
    targets = {} if state is None else {(GROUP, "10.0.0.9:80"): (state, "")}
    assert is_healthy(running(), targets) is expected


def test_unhealthy_targets_are_replaced_only_after_the_grace_period():
    targets = {(GROUP, "10.0.0.9:80"): ("unhealthy", "Health checks failed with these codes: [500]")}
    assert why_unhealthy(running(), targets, NOW.timestamp() + 9, grace_s=10) is None
    reason, told = why_unhealthy(running(), targets, NOW.timestamp() + 11, grace_s=10)
    assert reason == f"Task failed ELB health checks in (target-group {GROUP})"
    assert told == (
        f"(port 80) is unhealthy in (target-group {GROUP}) due to "
        "(reason Health checks failed with these codes: [500])."
    )


@pytest.mark.parametrize(("desired", "percent", "expected"), [(2, 100, 2), (3, 50, 2), (3, 0, 0), (1, 10, 1)])
def test_a_task_set_s_share_is_rounded_up(desired, percent, expected):
    one = TaskSet("0", "us-east-1", "c", "web", "ecs-svc/1", "td:1", Launch(), NOW, NOW, NOW, scale_percent=percent)
    assert task_sets.computed_desired(service(desired), one) == expected
    one.status = "DRAINING"
    assert task_sets.computed_desired(service(desired), one) == 0
