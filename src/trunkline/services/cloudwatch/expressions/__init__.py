"""Metric math: a small language over time series, read and evaluated without any knowledge of where metrics are kept.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from trunkline.services.cloudwatch.expressions.errors import ExpressionError, UnsupportedFunction
from trunkline.services.cloudwatch.expressions.evaluator import BandOf, Sheet
from trunkline.services.cloudwatch.expressions.finder import Finder
from trunkline.services.cloudwatch.expressions.parser import parse
from trunkline.services.cloudwatch.expressions.series import Series, Window

__all__ = ["BandOf", "ExpressionError", "Finder", "Series", "Sheet", "UnsupportedFunction", "Window", "parse"]
