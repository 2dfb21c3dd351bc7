"""The operations of CloudWatch Logs, in files by what they are about."""

from __future__ import annotations

from trunkline.services.logs.api.account_policies import AccountPolicies
from trunkline.services.logs.api.data_protection import DataProtection
from trunkline.services.logs.api.deliveries import Deliveries
from trunkline.services.logs.api.destinations import Destinations
from trunkline.services.logs.api.events import Events
from trunkline.services.logs.api.exports import Exports
from trunkline.services.logs.api.filters import Filters
from trunkline.services.logs.api.group_lists import GroupLists
from trunkline.services.logs.api.groups import Groups
from trunkline.services.logs.api.live_tail import LiveTails
from trunkline.services.logs.api.put_events import PutEvents
from trunkline.services.logs.api.queries import QueryOperations
from trunkline.services.logs.api.resource_policies import ResourcePolicies
from trunkline.services.logs.api.streams import Streams
from trunkline.services.logs.api.subscriptions import Subscriptions
from trunkline.services.logs.api.tags import Tags
from trunkline.services.logs.api.transformers import Transformers


class Api(
    Groups,
    GroupLists,
    Streams,
    PutEvents,
    Events,
    LiveTails,
    Filters,
    DataProtection,
    AccountPolicies,
    Subscriptions,
    Deliveries,
    Destinations,
    Exports,
    Transformers,
    ResourcePolicies,
    QueryOperations,
    Tags,
):
    """All of them."""
