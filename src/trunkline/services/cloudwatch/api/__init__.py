"""The operations of CloudWatch, in files by what they are about."""

from __future__ import annotations

from trunkline.services.cloudwatch.api.anomaly_detectors import AnomalyDetectors
from trunkline.services.cloudwatch.api.composites import CompositeAlarms
from trunkline.services.cloudwatch.api.dashboards import Dashboards
from trunkline.services.cloudwatch.api.descriptions import Descriptions
from trunkline.services.cloudwatch.api.insight_rules import InsightRules
from trunkline.services.cloudwatch.api.list_metrics import ListMetrics
from trunkline.services.cloudwatch.api.metric_statistics import MetricStatistics
from trunkline.services.cloudwatch.api.metric_streams import MetricStreams
from trunkline.services.cloudwatch.api.mutes import MuteRules
from trunkline.services.cloudwatch.api.put_metrics import PutMetrics
from trunkline.services.cloudwatch.api.tags import Tags
from trunkline.services.cloudwatch.api.widget_image import WidgetImage


class Api(
    PutMetrics,
    WidgetImage,
    MetricStatistics,
    ListMetrics,
    CompositeAlarms,
    Descriptions,
    Dashboards,
    AnomalyDetectors,
    InsightRules,
    MetricStreams,
    MuteRules,
    Tags,
):
    """All of them."""
