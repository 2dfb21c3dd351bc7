"""Drift as clients see it."""

from typing import Any

import orjson

from trunkline.aws import schemas
from trunkline.services.cloudformation.drift.model import Detection, Drift, ResourceDrift

Doc = dict[str, Any]


def shown(value: Any) -> str:
    """A property's value: a text as it is, anything else as JSON; what is not there is "null"."""
    if value is schemas.ABSENT:
        return "null"
    return value if isinstance(value, str) else document(value)


def document(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()


def resource_drift(found: ResourceDrift) -> Doc:
    """StackResourceDrift."""
    described: Doc = {
        "StackId": found.stack_id,
        "LogicalResourceId": found.logical_id,
        "PhysicalResourceId": found.physical_id,
        "ResourceType": found.type,
        "StackResourceDriftStatus": found.status.value,
        "Timestamp": found.checked,
    }
    if found.context:
        described["PhysicalResourceIdContext"] = found.context
    if found.reason:
        described["DriftStatusReason"] = found.reason
    if found.status is Drift.NOT_CHECKED:
        return described
    described["ExpectedProperties"] = document(found.expected)
    if found.status is not Drift.DELETED:
        described["ActualProperties"] = document(found.actual)
        described["PropertyDifferences"] = [
            {
                "PropertyPath": one.path,
                "ExpectedValue": one.expected,
                "ActualValue": one.actual,
                "DifferenceType": one.kind,
            }
            for one in found.differences
        ]
    return described


def detection_status(found: Detection) -> Doc:
    """DescribeStackDriftDetectionStatus's answer."""
    described: Doc = {
        "StackId": found.stack_id,
        "StackDriftDetectionId": found.id,
        "DetectionStatus": found.status,
        "Timestamp": found.begun,
    }
    if found.reason:
        described["DetectionStatusReason"] = found.reason
    if found.drift_status:
        described["StackDriftStatus"] = found.drift_status
        described["DriftedStackResourceCount"] = found.drifted
    return described
