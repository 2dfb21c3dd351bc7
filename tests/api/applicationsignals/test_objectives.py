"""Service level objectives through boto3."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
HOUR = {"Interval": {"RollingInterval": {"DurationUnit": "HOUR", "Duration": 1}}, "AttainmentGoal": 90.0}


@pytest.fixture
def signals(aws):
    return aws("application-signals")


@pytest.fixture
def put(aws, name):
    def put(metric, values):
        """One value for each of the last minutes, the newest last."""
        data = [
            {"MetricName": metric, "Timestamp": NOW - timedelta(minutes=len(values) - at), "Value": value}
            for at, value in enumerate(values)
        ]
        aws("cloudwatch").put_metric_data(Namespace=name, MetricData=data)

    return put


def query(name, metric, stat="Sum", query_id="m1"):
    stat = {"Metric": {"Namespace": name, "MetricName": metric}, "Period": 60, "Stat": stat}
    return {"Id": query_id, "MetricStat": stat, "ReturnData": True}


def by_periods(name, threshold=100.0):
    return {
        "SliMetricConfig": {"MetricDataQueries": [query(name, "latency", "Average")]},
        "MetricThreshold": threshold,
        "ComparisonOperator": "LessThan",
    }


def by_requests(name, counted="BadCountMetric", metric="faults"):
    return {
        "RequestBasedSliMetricConfig": {
            "TotalRequestCountMetric": [query(name, "requests")],
            "MonitoredRequestCountMetric": {counted: [query(name, metric)]},
        }
    }


def report(signals, name, at=NOW):
    (found,) = signals.batch_get_service_level_objective_budget_report(Timestamp=at, SloIds=[name])["Reports"]
    return found


def test_periods_that_miss_the_threshold_use_up_the_budget(signals, put, name):
    made = signals.create_service_level_objective(Name=name, SliConfig=by_periods(name), Goal=HOUR)["Slo"]
    assert made["Arn"] == f"arn:aws:application-signals:us-east-1:000000000000:slo/{name}"
    assert made["EvaluationType"] == "PeriodBased" and made["MetricSourceType"] == "CloudWatchMetric"
    assert report(signals, name)["BudgetStatus"] == "INSUFFICIENT_DATA"
    put("latency", [50] * 38 + [500, 500])
    found = report(signals, name)
    assert (found["TotalBudgetSeconds"], found["BudgetSecondsRemaining"]) == (360, 240)
    assert (found["BudgetStatus"], found["Attainment"]) == ("OK", 95.0)
    put("latency", [500] * 4)  # over the values of the last four minutes: their averages are too high
    found = report(signals, name)
    assert (found["BudgetStatus"], found["BudgetSecondsRemaining"]) == ("WARNING", 120)
    signals.update_service_level_objective(Id=name, SliConfig=by_periods(name, 10.0))
    assert report(signals, name)["BudgetStatus"] == "BREACHED"


@pytest.mark.parametrize(("counted", "metric"), [("BadCountMetric", "faults"), ("GoodCountMetric", "successes")])
def test_requests_that_fail_use_up_the_budget(signals, put, name, counted, metric):
    put("requests", [100] * 10)
    put("faults", [0] * 8 + [20, 10])
    put("successes", [100] * 8 + [80, 90])
    signals.create_service_level_objective(
        Name=name, RequestBasedSliConfig=by_requests(name, counted, metric), Goal=HOUR
    )
    found = report(signals, name)
    assert (found["EvaluationType"], found["Attainment"]) == ("RequestBased", 97.0)
    assert (found["TotalBudgetRequests"], found["BudgetRequestsRemaining"]) == (100, 70)
    assert report(signals, name, NOW - timedelta(minutes=5))["Attainment"] == 100.0


def test_burn_rates_are_metrics_that_alarms_can_watch(signals, aws, put, name):
    put("requests", [100] * 20)
    put("faults", [0] * 15 + [40] * 5)
    signals.create_service_level_objective(
        Name=name,
        RequestBasedSliConfig=by_requests(name),
        Goal=HOUR,
        BurnRateConfigurations=[{"LookBackWindowMinutes": 5}, {"LookBackWindowMinutes": 60}],
    )
    # They come with the minute's end; that they are known to CloudWatch is in the unit tests of `Burning`.
    alarm = {
        "Namespace": "AWS/ApplicationSignals",
        "MetricName": "BurnRate",
        "Dimensions": [{"Name": "SloName", "Value": name}, {"Name": "BurnRateWindowMinutes", "Value": "5"}],
    }
    aws("cloudwatch").put_metric_alarm(
        AlarmName=name,
        **alarm,
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=2,
        ComparisonOperator="GreaterThanThreshold",
    )
    shown = signals.get_service_level_objective(Id=name)["Slo"]["BurnRateConfigurations"]
    assert [one["LookBackWindowMinutes"] for one in shown] == [5, 60]


def test_excluded_times_do_not_count(signals, put, name):
    put("latency", [50] * 38 + [500, 500])
    signals.create_service_level_objective(Name=name, SliConfig=by_periods(name), Goal=HOUR)
    window = {
        "Window": {"DurationUnit": "MINUTE", "Duration": 10},
        "StartTime": NOW - timedelta(minutes=10),
        "Reason": "deployment",
    }
    nightly = {"Window": {"DurationUnit": "HOUR", "Duration": 1}, "RecurrenceRule": {"Expression": "cron(0 2 * * ? *)"}}
    answer = signals.batch_update_exclusion_windows(SloIds=[name, "nobody"], AddExclusionWindows=[window, nightly])
    assert answer["SloIds"] == [name] and [one["SloId"] for one in answer["Errors"]] == ["nobody"]
    found = report(signals, name)
    assert found["Attainment"] == 100.0 and found["TotalBudgetSeconds"] <= 300
    listed = signals.list_service_level_objective_exclusion_windows(Id=name)["ExclusionWindows"]
    assert [one.get("Reason") for one in listed] == ["deployment", None]
    signals.batch_update_exclusion_windows(SloIds=[name], RemoveExclusionWindows=[window])
    assert report(signals, name)["Attainment"] == 95.0
    answer = signals.batch_update_exclusion_windows(SloIds=[name], RemoveExclusionWindows=[window])
    assert answer["Errors"][0]["ErrorCode"] == "ValidationException"


def test_objectives_on_a_service_read_its_metrics(signals, aws, name):
    dimensions = [{"Name": "Environment", "Value": "prod"}, {"Name": "Service", "Value": name}]
    data = [
        {"MetricName": "Fault", "Dimensions": dimensions, "Timestamp": NOW - timedelta(minutes=2), "Value": value}
        for value in (0, 0, 0, 1)
    ]
    aws("cloudwatch").put_metric_data(Namespace="ApplicationSignals", MetricData=data)
    attributes = {"Type": "Service", "Name": name, "Environment": "prod"}
    config = {"RequestBasedSliMetricConfig": {"KeyAttributes": attributes, "MetricType": "AVAILABILITY"}}
    made = signals.create_service_level_objective(Name=name, RequestBasedSliConfig=config)["Slo"]
    assert made["MetricSourceType"] == "ServiceOperation" and made["Goal"]["AttainmentGoal"] == 99.0
    assert report(signals, name)["Attainment"] == 75.0
    (found,) = signals.list_service_level_objectives(KeyAttributes=attributes)["SloSummaries"]
    assert found["Name"] == name


def test_objectives_are_listed_tagged_and_deleted(signals, name):
    for suffix in "abc":
        signals.create_service_level_objective(
            Name=f"{name}-{suffix}", SliConfig=by_periods(name), Tags=[{"Key": "team", "Value": name}]
        )
    pages = signals.get_paginator("list_service_level_objectives").paginate(PaginationConfig={"PageSize": 2})
    names = [one["Name"] for page in pages for one in page["SloSummaries"] if one["Name"].startswith(name)]
    assert names == [f"{name}-{suffix}" for suffix in "abc"]
    arn = signals.get_service_level_objective(Id=f"{name}-a")["Slo"]["Arn"]
    signals.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    signals.untag_resource(ResourceArn=arn, TagKeys=["team"])
    assert signals.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    signals.delete_service_level_objective(Id=arn)
    with pytest.raises(signals.exceptions.ResourceNotFoundException):
        signals.get_service_level_objective(Id=arn)
    answer = signals.batch_get_service_level_objective_budget_report(Timestamp=NOW, SloIds=[arn])
    assert answer["Errors"][0]["Name"] == f"{name}-a"


def test_calendar_intervals_are_aligned(signals, put, name):
    put("latency", [50, 500])
    calendar = {"StartTime": NOW - timedelta(days=65), "DurationUnit": "MONTH", "Duration": 1}
    goal = {"Interval": {"CalendarInterval": calendar}, "AttainmentGoal": 99.9}
    signals.create_service_level_objective(Name=name, SliConfig=by_periods(name), Goal=goal)
    found = report(signals, name)
    assert 28 * 86.4 <= found["TotalBudgetSeconds"] <= 31 * 86.4 + 1 and found["Attainment"] == 50.0
    shown = signals.get_service_level_objective(Id=name)["Slo"]["Goal"]["Interval"]["CalendarInterval"]
    assert shown["StartTime"] == calendar["StartTime"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"RequestBasedSliConfig": by_requests("x")}, "Exactly one of SliConfig"),
        ({"Goal": {"AttainmentGoal": 100}}, "AttainmentGoal"),
        ({"Goal": {"WarningThreshold": 101}}, "WarningThreshold"),
        ({"BurnRateConfigurations": [{"LookBackWindowMinutes": 5}] * 2}, "unique"),
        ({"SliConfig": {**by_periods("x"), "SliMetricConfig": {}}}, "MetricDataQueries"),
        (
            {"SliConfig": {**by_periods("x"), "SliMetricConfig": {"MetricDataQueries": [query("x", "m", "nonsense")]}}},
            "nonsense",
        ),
        ({"Tags": [{"Key": "aws:x", "Value": "y"}]}, "aws:"),
    ],
)
def test_what_no_objective_can_be(signals, name, change, why):
    with pytest.raises(signals.exceptions.ValidationException, match=why):
        signals.create_service_level_objective(**{"Name": name, "SliConfig": by_periods(name), **change})


def test_names_are_unique_and_what_is_not_there_is_refused(signals, name):
    signals.create_service_level_objective(Name=name, SliConfig=by_periods(name))
    with pytest.raises(signals.exceptions.ConflictException):
        signals.create_service_level_objective(Name=name, SliConfig=by_periods(name))
    with pytest.raises(signals.exceptions.ValidationException, match="cannot be changed"):
        signals.update_service_level_objective(Id=name, RequestBasedSliConfig=by_requests(name))
    with pytest.raises(ClientError, match="not support"):
        signals.list_services(StartTime=NOW - timedelta(hours=1), EndTime=NOW)
