"""DORA figures from a ledger whose events are written by hand: every number can be checked by counting."""

from datetime import UTC, datetime, timedelta

import pytest

from trunkline.core.db import Database
from trunkline.core.events import Event
from trunkline.core.ledger import Ledger
from trunkline.insights import dora

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Story:
    """Appends events at given seconds after the start."""

    def __init__(self, ledger, db):
        self.ledger, self.db = ledger, db

    def tell(self, at_s, source, detail_type, detail, account="0"):
        event = Event(source, detail_type, detail, account, "r", time=START + timedelta(seconds=at_s))
        self.db.write_blocking(lambda tx: self.ledger.append(tx, event))

    def push(self, at_s, commit):
        self.tell(at_s, "aws.codecommit", "CodeCommit Repository State Change", {"commitId": commit})

    def action(self, at_s, run, category, external, state="SUCCEEDED"):
        detail = {
            "execution-id": run,
            "state": state,
            "type": {"category": category},
            "execution-result": {"external-execution-id": external},
        }
        self.tell(at_s, "aws.codepipeline", "CodePipeline Action Execution State Change", detail)

    def deployment(self, at_s, name, state, **more):
        detail = {"deploymentId": name, "state": state, "application": "a", "deploymentGroup": "g"}
        self.tell(at_s, "aws.codedeploy", "CodeDeploy Deployment State-change Notification", detail, **more)

    def shift(self, at_s, name, weight):
        detail = {"deploymentId": name, "weights": {"replacement": weight, "original": 100 - weight}}
        self.tell(at_s, "trunkline.codedeploy", "Traffic Shift", detail)

    def alarm(self, at_s):
        detail = {"alarmName": "5xx", "state": {"value": "ALARM"}}
        self.tell(at_s, "aws.cloudwatch", "CloudWatch Alarm State Change", detail)

    def delivered(self, at_s, commit, name):
        self.push(at_s, commit)
        self.action(at_s + 1, f"run-{name}", "Source", commit)
        self.deployment(at_s + 10, name, "START")
        self.shift(at_s + 11, name, 10)
        self.shift(at_s + 20, name, 100)
        self.deployment(at_s + 30, name, "SUCCESS")
        self.action(at_s + 31, f"run-{name}", "Deploy", name)


@pytest.fixture
def story(tmp_path):
    db = Database(tmp_path / "x.db")
    yield Story(Ledger(db), db)
    db.close()


def report(story, days=7):
    return dora.report(story.ledger, "0", "r", START + timedelta(days=1), days=days)


def test_an_empty_ledger_has_no_figures(story):
    found = report(story)
    assert found["deployment_frequency"]["count"] == 0
    assert found["lead_time_for_changes"]["median_s"] is None
    assert found["change_failure_rate"]["rate"] is None


def test_successes_are_counted_with_the_lead_time_from_their_push(story):
    story.delivered(0, "c1", "d-1")
    story.delivered(100, "c2", "d-2")
    found = report(story)
    assert found["deployment_frequency"]["count"] == 2
    assert found["deployment_frequency"]["per_day"] == pytest.approx(2 / 7)
    assert found["lead_time_for_changes"]["median_s"] == 30
    counted = found["lead_time_for_changes"]["counted"][0]
    assert counted["commit"] == "c1"
    assert counted["events"][0]["what"].startswith("push of c1")
    assert found["change_failure_rate"] | {"counted": 0} == {"rate": 0.0, "failed": 0, "changes": 2, "counted": 0}


def test_a_deployment_taken_back_is_a_failure_that_ends_with_its_rollback(story):
    story.delivered(0, "c1", "d-1")
    story.deployment(100, "d-2", "START")
    story.shift(105, "d-2", 10)
    story.alarm(110)
    story.shift(111, "d-2", 0)
    story.deployment(112, "d-2", "STOP")
    story.deployment(112, "d-3", "START")
    story.deployment(118, "d-3", "SUCCESS")
    found = report(story)
    assert found["deployment_frequency"]["count"] == 1
    assert found["change_failure_rate"]["rate"] == 0.5
    assert found["failed_deployment_recovery_time"]["median_s"] == 8
    assert found["failed_deployment_recovery_time"]["counted"][0]["deployment"] == "d-2"


def test_a_deployment_that_never_met_users_is_no_change_failure(story):
    story.deployment(0, "d-1", "START")
    story.deployment(5, "d-1", "FAILURE")
    found = report(story)
    assert found["change_failure_rate"]["changes"] == 0
    assert found["deployment_frequency"]["count"] == 0


def test_other_accounts_and_older_deployments_do_not_count(story):
    story.deployment(0, "d-1", "START", account="1")
    story.delivered(0, "c", "d-2")
    assert report(story, days=0.5)["deployment_frequency"]["count"] == 0
    assert report(story)["deployment_frequency"]["count"] == 1
