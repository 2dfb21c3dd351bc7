"""The names that SQS's query protocol has on the wire.

botocore's model of SQS is of the JSON protocol and has lost them; clients from before 2023 (Debian's aws-cli among
them) speak query still.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html
"""

from typing import Any

NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/"

_ELEMENTS = {
    "AWSAccountIdList": "AWSAccountId",
    "ActionNameList": "ActionName",
    "AttributeNameList": "AttributeName",
    "BatchResultErrorEntryList": "BatchResultErrorEntry",
    "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
    "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
    "ListMessageMoveTasksResultEntryList": "ListMessageMoveTasksResultEntry",
    "MessageAttributeNameList": "MessageAttributeName",
    "MessageList": "Message",
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "QueueUrlList": "QueueUrl",
    "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
    "SendMessageBatchResultEntryList": "SendMessageBatchResultEntry",
    "TagKeyList": "TagKey",
}
_MAPS = {
    "MessageBodyAttributeMap": "MessageAttribute",
    "MessageBodySystemAttributeMap": "MessageSystemAttribute",
    "MessageSystemAttributeMap": "Attribute",
    "QueueAttributeMap": "Attribute",
    "TagMap": "Tag",
}


def named(service: dict[str, Any]) -> None:
    """Put the names into the model."""
    service["metadata"]["xmlNamespace"] = NAMESPACE
    shapes: dict[str, Any] = service["shapes"]
    for name, element in _ELEMENTS.items():
        if name in shapes:
            shapes[name]["member"] = {**shapes[name]["member"], "locationName": element}
    for name in _MAPS:
        key, value = ("Key", "Value") if name == "TagMap" else ("Name", "Value")
        shapes[name]["key"] = {**shapes[name]["key"], "locationName": key}
        shapes[name]["value"] = {**shapes[name]["value"], "locationName": value}
    for shape in shapes.values():
        for member, reference in shape.get("members", {}).items():
            if reference["shape"] in _MAPS:
                shape["members"][member] = {**reference, "locationName": _MAPS[reference["shape"]]}
    for name, operation in service["operations"].items():
        if "output" in operation:
            operation["output"] = {**operation["output"], "resultWrapper": f"{name}Result"}
