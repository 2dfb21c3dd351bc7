"""Transformers of log groups and of the account; what reads the transformed events."""

import json
import time

import pytest
from botocore.exceptions import ClientError
from tests.support.log_events import code, events, texts

PIPELINE = [
    {"parseKeyValue": {"fieldDelimiter": " ", "keyValueDelimiter": "="}},
    {"typeConverter": {"entries": [{"key": "took", "type": "integer"}]}},
]


def test_a_transformer_is_put_tested_and_deleted(logs, group):
    logs.put_transformer(logGroupIdentifier=group, transformerConfig=PIPELINE)
    found = logs.get_transformer(logGroupIdentifier=group)
    assert found["transformerConfig"] == PIPELINE and found["logGroupIdentifier"].endswith(f":log-group:{group}")
    tested = logs.test_transformer(transformerConfig=PIPELINE, logEventMessages=["took=5 by=me"])["transformedLogs"]
    assert tested[0]["eventMessage"] == "took=5 by=me"
    assert json.loads(tested[0]["transformedEventMessage"]) == {"took": 5, "by": "me"}
    logs.delete_transformer(logGroupIdentifier=group)
    assert "transformerConfig" not in logs.get_transformer(logGroupIdentifier=group)
    with pytest.raises(ClientError) as error:
        logs.delete_transformer(logGroupIdentifier=group)
    assert code(error) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as error:
        logs.put_transformer(logGroupIdentifier=group, transformerConfig=PIPELINE[1:])
    assert code(error) == "InvalidParameterException"


def test_metric_filters_may_read_transformed_events(aws, logs, stream, name):
    group = stream["logGroupName"]
    logs.put_transformer(logGroupIdentifier=group, transformerConfig=PIPELINE)
    named = {"metricNamespace": name, "metricValue": "$.took", "dimensions": {"by": "$.by"}}
    for filter_name, on_transformed in (("after", True), ("before", False)):
        logs.put_metric_filter(
            logGroupName=group,
            filterName=filter_name,
            filterPattern="{ $.took > 3 }",
            applyOnTransformedLogs=on_transformed,
            emitSystemFieldDimensions=["@aws.account"],
            metricTransformations=[{"metricName": filter_name, **named}],
        )
    logs.put_log_events(**stream, logEvents=events("took=5 by=me", "took=2 by=me", "took=7 by=me"))
    assert texts(logs.get_log_events(**stream, startFromHead=True))[0] == "took=5 by=me"
    found = aws("cloudwatch").list_metrics(Namespace=name)["Metrics"]
    dimensions = {one["Name"]: one["Value"] for one in found[0]["Dimensions"]}
    assert len(found) == 1 and dimensions == {"by": "me", "@aws.account": "000000000000"}
    points = aws("cloudwatch").get_metric_statistics(
        Namespace=name, MetricName="after", Dimensions=found[0]["Dimensions"], Statistics=["Sum"], Period=600,
        StartTime=time.time() - 600, EndTime=time.time() + 60,
    )["Datapoints"]  # fmt: skip
    assert sum(point["Sum"] for point in points) == 12
