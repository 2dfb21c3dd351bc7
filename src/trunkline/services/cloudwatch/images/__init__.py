"""Pictures of metrics: the JSON of a widget becomes a PNG, drawn by matplotlib in a child process.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Metric-Widget-Structure.html
"""

from trunkline.services.cloudwatch.images.picture import Shown, draw
from trunkline.services.cloudwatch.images.widget import BadWidget, Widget, parse

__all__ = ["BadWidget", "Shown", "Widget", "draw", "parse"]
