"""The operations of CloudWatch, in files by what they are about."""

from __future__ import annotations

from trunkline.services.cloudwatch.api.anomaly_detectors import AnomalyDetectors
from trunkline.services.cloudwatch.api.composites import CompositeAlarms
from trunkline.services.cloudwatch.api.dashboards import Dashboards
from trunkline.services.cloudwatch.api.descriptions import Descriptions
from trunkline.services.cloudwatch.api.metrics import Metrics
from trunkline.services.cloudwatch.api.mutes import MuteRules
from trunkline.services.cloudwatch.api.tags import Tags


class Api(Metrics, CompositeAlarms, Descriptions, Dashboards, AnomalyDetectors, MuteRules, Tags):
    """All of them."""
