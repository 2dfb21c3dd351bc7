"""The entity that log events say they belong to: checked as AWS does, and not kept.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/adding-your-own-related-telemetry.html
"""

from __future__ import annotations

from trunkline.aws.service import Doc

_REQUIRED = {
    "Service": {"Name", "Environment"},
    "RemoteService": {"Name"},
    "AWS::Resource": {"ResourceType", "Identifier"},
    "Resource": {"ResourceType", "Identifier"},
}
_KEYS = frozenset({"Type", "ResourceType", "Identifier", "Name", "Environment"})


def rejection(entity: Doc, log_class: str) -> Doc | None:
    """Why an entity is rejected; the events beside it are not."""
    keys = entity.get("keyAttributes")
    if log_class != "STANDARD":
        return {"errorType": "UnsupportedLogGroupType"}
    if not keys or "Type" not in keys:
        return {"errorType": "MissingRequiredFields"}
    if keys.keys() - _KEYS:
        return {"errorType": "InvalidKeyAttributes"}
    if keys["Type"] not in _REQUIRED:
        return {"errorType": "InvalidTypeValue"}
    if not _REQUIRED[keys["Type"]] <= keys.keys():
        return {"errorType": "MissingRequiredFields"}
    return None
