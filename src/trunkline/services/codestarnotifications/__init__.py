"""AWS CodeStar Notifications: rules that tell topics what happens in repositories, builds, deployments and pipelines.

Real: rules with their targets, status and tags; every event type that something here can cause; messages in the form
that AWS documents, to SNS topics. Event types of what Trunkline has none of (pull requests, comments) are known, so
that a rule with them stands, and never occur.

Refused: targets that are chat channels (AWSChatbotSlack, AWSChatbotMicrosoftTeams).
"""

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.codestarnotifications import store
from trunkline.services.codestarnotifications.api import Api
from trunkline.services.codestarnotifications.event_types import SOURCES
from trunkline.services.codestarnotifications.reactions import Notifying
from trunkline.services.codestarnotifications.resources import TYPES


def build(kit: Kit, engines: Engines) -> Service:
    """Compose the service."""
    kit.db.migrate("codestarnotifications", store.STEPS)
    kit.bus.subscribe("codestarnotifications", Notifying(kit), sources=SOURCES)
    return Service("codestar-notifications", Api(kit), resource_types=TYPES)
