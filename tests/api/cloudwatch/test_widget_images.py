"""GetMetricWidgetImage through boto3: a PNG of the size that was asked for, or the reason why there is none."""

import json
import struct
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

NOW = datetime.now(UTC).replace(second=0, microsecond=0)


def image(cloudwatch, **widget):
    return cloudwatch.get_metric_widget_image(MetricWidget=json.dumps(widget))["MetricWidgetImage"]


def test_a_graph_of_metrics_math_and_annotations_is_a_png(cloudwatch, name, put):
    put("load", [(NOW - timedelta(minutes=at), float(at)) for at in range(30)], Host="a")
    picture = image(
        cloudwatch,
        width=640,
        height=300,
        title="Load",
        start="-PT1H",
        end="PT0H",
        timezone="+0130",
        period=60,
        stat="Maximum",
        metrics=[
            [name, "load", "Host", "a", {"id": "m1", "color": "#2ca02c"}],
            ["...", "b", {"yAxis": "right", "label": "none of ${LABEL}"}],
            [{"expression": "m1 * 2", "label": "double"}],
        ],
        annotations={
            "horizontal": [{"value": 20, "label": "limit", "fill": "above"}, [{"value": 1}, {"value": 2}]],
            "vertical": [{"value": (NOW - timedelta(minutes=9)).isoformat(), "label": "deployment"}],
        },
        yAxis={"left": {"min": 0, "max": 50, "label": "things"}},
    )
    assert picture.startswith(b"\x89PNG") and struct.unpack(">II", picture[16:24]) == (640, 300)


@pytest.mark.parametrize(
    ("widget", "complaint"),
    [
        ({"metrics": "many"}, "array of metrics"),
        ({"view": "hologram"}, "view must be one of"),
        ({"width": 2001}, "width must be from 1 to 2000"),
        ({"metrics": [["App"]]}, "/metrics/0 must be a namespace"),
        ({"start": "yesterday"}, "neither a time nor a duration"),
        ({"metrics": [[{"expression": "m1 +"}]]}, "Error in expression"),
        ({"region": "eu-west-1"}, "Region"),
        ({"timezone": "CET"}, "timezone"),
    ],
)
def test_what_is_no_widget_is_refused(cloudwatch, widget, complaint):
    with pytest.raises(ClientError, match=complaint) as refused:
        image(cloudwatch, **widget)
    assert refused.value.response["Error"]["Code"] == "ValidationError"
