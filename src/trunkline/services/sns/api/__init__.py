"""The operations of SNS, by what they are about."""

from trunkline.aws.identity import NO_ACCESS, Access
from trunkline.aws.policy import compiled
from trunkline.aws.service import Call, Doc, Kit
from trunkline.services.sns import store
from trunkline.services.sns.api.publishing import PublishApi
from trunkline.services.sns.api.subscriptions import SubscriptionApi
from trunkline.services.sns.api.topics import TopicApi
from trunkline.services.sns.model import subscription_parts
from trunkline.services.sns.outbox import Outbox


class Api(TopicApi, SubscriptionApi, PublishApi):
    """Every operation of SNS that Trunkline has."""

    def __init__(self, kit: Kit, outbox: Outbox) -> None:
        self.kit = kit
        self.outbox = outbox

    def access(self, call: Call, req: Doc) -> Access:
        """What a topic's own policy adds to a decision, for callers of its account and others."""
        arn = req.get("TopicArn") or req.get("TargetArn") or req.get("ResourceArn")
        parts = subscription_parts(req["SubscriptionArn"]) if "SubscriptionArn" in req else None
        topic = store.topic(self.kit.db, parts[0] if parts else arn or "")
        if topic is None:
            return NO_ACCESS
        policy = topic.attributes.get("Policy")
        return Access(policies=() if policy is None else (compiled(policy),), account=topic.account)
