"""Metric streams through boto3: made, switched, listed, refused. How they are delivered: tests/unit/services."""

import pytest
from botocore.exceptions import ClientError
from tests.support.roles import service_role, user_keys


@pytest.fixture
def stream(aws, name):
    """What PutMetricStream needs for a stream into a bucket of the test's own."""
    aws("s3").create_bucket(Bucket=name)
    role = service_role(aws, name, "streams.metrics.cloudwatch", "s3:*")
    firehose = f"arn:aws:firehose:us-east-1:000000000000:deliverystream/s3.{name}"
    return {"Name": name, "FirehoseArn": firehose, "RoleArn": role, "OutputFormat": "json"}


def test_a_stream_is_put_switched_listed_and_deleted(cloudwatch, name, stream):
    filters = [{"Namespace": "AWS/ECS", "MetricNames": ["CPUUtilization"]}]
    arn = cloudwatch.put_metric_stream(**stream, IncludeFilters=filters, Tags=[{"Key": "a", "Value": "b"}])["Arn"]
    assert arn == f"arn:aws:cloudwatch:us-east-1:000000000000:metric-stream/{name}"
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    cloudwatch.stop_metric_streams(Names=[name])
    found = cloudwatch.get_metric_stream(Name=name)
    assert (found["State"], found["IncludeFilters"]) == ("stopped", filters)
    cloudwatch.put_metric_stream(**stream, ExcludeFilters=filters)
    found = cloudwatch.get_metric_stream(Name=name)
    assert (found["State"], found["IncludeFilters"], found["ExcludeFilters"]) == ("stopped", [], filters)
    cloudwatch.start_metric_streams(Names=[name])
    pages = [cloudwatch.list_metric_streams()]
    [entry] = [one for page in pages for one in page["Entries"] if one["Name"] == name]
    assert entry["State"] == "running"
    cloudwatch.delete_metric_stream(Name=name)
    with pytest.raises(cloudwatch.exceptions.ResourceNotFoundException):
        cloudwatch.get_metric_stream(Name=name)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"FirehoseArn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/metrics"}, "no Firehose"),
        ({"OutputFormat": "opentelemetry0.7"}, "0.7"),
        (
            {"FirehoseArn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/s3.no-such-bucket-x"},
            "no-such-bucket",
        ),
        ({"IncludeFilters": [{"Namespace": "A"}], "ExcludeFilters": [{"Namespace": "B"}]}, "both"),
        ({"IncludeLinkedAccountsMetrics": True}, "cross-account"),
    ],
)
def test_what_cannot_be_streamed_is_refused(cloudwatch, stream, change, complaint):
    with pytest.raises(ClientError, match=complaint):
        cloudwatch.put_metric_stream(**{**stream, **change})


def test_who_may_not_pass_the_role_makes_no_stream(aws, name, stream):
    keys = user_keys(aws, name, ["cloudwatch:*"])
    with pytest.raises(ClientError, match="iam:PassRole"):
        aws("cloudwatch", **keys).put_metric_stream(**stream)
