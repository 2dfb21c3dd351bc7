"""What is wrong with the body of a dashboard, after
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

import json

import pytest

from trunkline.services.cloudwatch.dashboards import problems

_METRIC = {"metrics": [["AWS/EC2", "CPUUtilization", "InstanceId", "i-1", {"stat": "p99"}]], "region": "us-east-1"}


def of(kind, properties, **widget):
    return problems(json.dumps({"widgets": [{"type": kind, "properties": properties, **widget}]}))


def test_every_kind_of_widget_is_taken():
    """The examples of the page, shortened."""
    widgets = [
        ("metric", {**_METRIC, "view": "singleValue", "stacked": False, "period": 60}),
        ("metric", {"annotations": {"alarms": ["arn:aws:cloudwatch:us-east-1:1:alarm:a"]}}),
        ("text", {"markdown": "# Hello"}),
        ("log", {"query": "SOURCE 'a' | fields @message", "region": "us-east-1"}),
        ("alarm", {"alarms": [], "title": "Alarms"}),
        ("explorer", {"metrics": [{"metricName": "CPUUtilization"}]}),
        ("custom", {"endpoint": "arn:aws:lambda:us-east-1:1:function:f"}),
    ]
    assert [of(kind, properties) for kind, properties in widgets] == [[]] * len(widgets)


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"view": "hologram"}, "/widgets/0/properties/view", "Should be equal to one of the allowed values"),
        ({"stacked": "yes"}, "/widgets/0/properties/stacked", "Should be boolean"),
        ({"period": True}, "/widgets/0/properties/period", "Should be integer"),
        ({"metrics": {}}, "/widgets/0/properties/metrics", "Should be array"),
        ({"metrics": ["AWS/EC2"]}, "/widgets/0/properties/metrics/0", "Should be array"),
        ({"metrics": [["AWS/EC2", 5]]}, "/widgets/0/properties/metrics/0/1", "Should be string"),
    ],
)
def test_what_is_wrong_has_its_path(change, path, message):
    assert {"DataPath": path, "Message": message} in of("metric", {**_METRIC, **change})
