"""The operations of EventBridge, by what they are about."""

from trunkline.aws.identity import NO_ACCESS, Access
from trunkline.aws.policy import compiled
from trunkline.aws.service import Call, Doc, Kit
from trunkline.services.events import store
from trunkline.services.events.api.buses import BusApi
from trunkline.services.events.api.naming import bus_name
from trunkline.services.events.api.permissions import PermissionApi
from trunkline.services.events.api.putting import PutApi
from trunkline.services.events.api.tagging import TagApi
from trunkline.services.events.api.targets import TargetApi
from trunkline.services.events.delivery import Courier
from trunkline.services.events.matching import Rules
from trunkline.services.events.scheduler import Scheduler


class Api(BusApi, TargetApi, PutApi, PermissionApi, TagApi):
    """Every operation of EventBridge that Trunkline has."""

    def __init__(self, kit: Kit, rules: Rules, courier: Courier, scheduler: Scheduler) -> None:
        self.kit = kit
        self.rules = rules
        self.courier = courier
        self.scheduler = scheduler

    def access(self, call: Call, req: Doc) -> Access:
        """What the policy of the one bus that a request is about adds to a decision."""
        names = {bus_name(entry.get("EventBusName")) for entry in req.get("Entries", [req])}
        if len(names) != 1:
            return NO_ACCESS
        found = store.POLICIES.get(self.kit.db, call.account, call.region, names.pop())
        return NO_ACCESS if found is None else Access(policies=(compiled(found.text),), account=call.account)
