"""Notifications in CloudFormation's form: one event a rule, and other names than S3's own."""

from trunkline.aws.service import Doc

# The property, its target and its event; S3's member and its target.
_KINDS = (
    ("TopicConfigurations", "Topic", "TopicConfigurations", "TopicArn"),
    ("QueueConfigurations", "Queue", "QueueConfigurations", "QueueArn"),
    ("LambdaConfigurations", "Function", "LambdaFunctionConfigurations", "LambdaFunctionArn"),
)


def into(value: Doc) -> Doc:
    """The request of PutBucketNotificationConfiguration."""
    made: Doc = {}
    for name, target, member, arn in _KINDS:
        rules = [_rule(rule, target, arn) for rule in value.get(name) or ()]
        if rules:
            made[member] = rules
    bridge = value.get("EventBridgeConfiguration")
    if bridge is not None and bridge.get("EventBridgeEnabled", True):
        made["EventBridgeConfiguration"] = {}
    return {"NotificationConfiguration": made}


def _rule(given: Doc, target: str, arn: str) -> Doc:
    rule: Doc = {arn: given[target], "Events": [given["Event"]]}
    if "Filter" in given:
        rule["Filter"] = {"Key": {"FilterRules": given["Filter"]["S3Key"]["Rules"]}}
    # Several rules of one target are told apart by what they are about.
    filters = [f"{one['Name']}={one['Value']}" for one in given.get("Filter", {}).get("S3Key", {}).get("Rules", ())]
    rule["Id"] = "-".join([given["Event"], given[target].rpartition(":")[2], *filters])
    return rule


def shown(answer: Doc) -> Doc | None:
    """The property for an answer of GetBucketNotificationConfiguration; None when nobody is told."""
    found: Doc = {}
    for name, target, member, arn in _KINDS:
        rules = [_shown_rule(rule, target, arn, event) for rule in answer.get(member) or () for event in rule["Events"]]
        if rules:
            found[name] = rules
    if "EventBridgeConfiguration" in answer:
        found["EventBridgeConfiguration"] = {"EventBridgeEnabled": True}
    return found or None


def _shown_rule(rule: Doc, target: str, arn: str, event: str) -> Doc:
    shown_rule: Doc = {target: rule[arn], "Event": event}
    filters = rule.get("Filter", {}).get("Key", {}).get("FilterRules")
    if filters:
        shown_rule["Filter"] = {
            "S3Key": {"Rules": [{"Name": one["Name"].lower(), "Value": one["Value"]} for one in filters]}
        }
    return shown_rule
