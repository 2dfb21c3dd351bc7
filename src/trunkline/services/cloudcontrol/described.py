"""Requests and resources as clients see them."""

import orjson

from trunkline.aws.service import Doc
from trunkline.services.cloudcontrol.finding import Found
from trunkline.services.cloudcontrol.model import Request


def progress(request: Request) -> Doc:
    """ProgressEvent."""
    shown: Doc = {
        "TypeName": request.type,
        "RequestToken": request.token,
        "Operation": request.operation,
        "OperationStatus": request.status.value,
        "EventTime": request.changed or request.requested,
    }
    if request.identifier:
        shown["Identifier"] = request.identifier
    if request.new:
        shown["ResourceModel"] = _text(request.new)
    if request.error_code:
        shown["ErrorCode"], shown["StatusMessage"] = request.error_code, request.message
    return shown


def description(found: Found) -> Doc:
    """ResourceDescription."""
    return {"Identifier": found.identifier, "Properties": _text(found.properties)}


def _text(properties: Doc) -> str:
    return orjson.dumps(properties, default=str).decode()
