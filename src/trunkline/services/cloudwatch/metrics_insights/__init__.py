"""Metrics Insights: SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/ECS", ServiceName) WHERE … GROUP BY … ORDER BY … LIMIT.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html
"""

from trunkline.services.cloudwatch.metrics_insights.parser import parse
from trunkline.services.cloudwatch.metrics_insights.query import Query, answer

__all__ = ["Query", "answer", "parse"]
