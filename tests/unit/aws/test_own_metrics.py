"""What services say of themselves is counted, and put once a minute."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from trunkline.aws.own_metrics import OwnMetrics
from trunkline.core.clock import ManualClock
from trunkline.core.events import Event
from trunkline.services.codebuild.metrics import Metrics


@pytest.fixture
def kit():
    put = []

    async def call(service, operation, params, *, as_):
        assert (service, operation, as_.principal.kind) == ("cloudwatch", "PutMetricData", "service")
        put.append((as_.account, as_.region, params))

    return SimpleNamespace(clock=ManualClock(), call=call, put=put)


async def test_counts_of_a_minute_are_one_datum(kit):
    own = OwnMetrics(kit, "AWS/Events", "events.amazonaws.com")
    for value in (3.0, 1.0, 2.0):
        own.add("1", "us-east-1", "Invocations", value, RuleName="r")
    own.add("2", "eu-west-1", "Invocations")
    await own.put()
    (account, region, first), (_, _, second) = kit.put
    assert (account, region, first["Namespace"]) == ("1", "us-east-1", "AWS/Events")
    [datum] = first["MetricData"]
    assert datum["StatisticValues"] == {"SampleCount": 3, "Sum": 6, "Minimum": 1, "Maximum": 3}
    assert datum["Dimensions"] == [{"Name": "RuleName", "Value": "r"}]
    assert second["MetricData"][0]["Dimensions"] == []
    await own.put()
    assert len(kit.put) == 2, "nothing new, nothing put"


async def test_builds_are_counted_and_measured(kit):
    own = OwnMetrics(kit, "AWS/CodeBuild", "codebuild.amazonaws.com")
    metrics = Metrics(own)
    ended = datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC)
    about = {"project-name": "p", "additional-information": {"build-start-time": "Jan 1, 2026 12:00:00 AM"}}

    def event(kind, **detail):
        return Event("aws.codebuild", f"CodeBuild Build {kind} Change", {**about, **detail}, "1", "r", time=ended)

    await metrics.take(event("State", **{"build-status": "IN_PROGRESS"}))
    phase = {"completed-phase": "DOWNLOAD_SOURCE", "completed-phase-duration-seconds": 4}
    await metrics.take(event("Phase", **phase))
    await metrics.take(event("State", **{"build-status": "FAILED"}))
    await own.put()
    [(_, _, params)] = kit.put
    of_project = {one["MetricName"]: one["StatisticValues"]["Sum"] for one in params["MetricData"] if one["Dimensions"]}
    assert of_project == {"Builds": 1, "DownloadSourceDuration": 4, "FailedBuilds": 1, "Duration": 90}
