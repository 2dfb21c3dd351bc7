"""Contributor Insights: who makes the most of what log events tell, by rules over JSON or common log format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContributorInsights-RuleSyntax.html
"""

from trunkline.services.cloudwatch.contributors.definition import BadRule, Definition, parse
from trunkline.services.cloudwatch.contributors.report import METRICS, Report
from trunkline.services.cloudwatch.contributors.rules import InsightRule, Rules

__all__ = ["METRICS", "BadRule", "Definition", "InsightRule", "Report", "Rules", "parse"]
