"""The operations of EventBridge, by what they are about."""

from trunkline.aws.service import Kit
from trunkline.services.events.api.buses import BusApi
from trunkline.services.events.api.putting import PutApi
from trunkline.services.events.api.tagging import TagApi
from trunkline.services.events.api.targets import TargetApi
from trunkline.services.events.delivery import Courier
from trunkline.services.events.matching import Rules
from trunkline.services.events.scheduler import Scheduler


class Api(BusApi, TargetApi, PutApi, TagApi):
    """Every operation of EventBridge that Trunkline has."""

    def __init__(self, kit: Kit, rules: Rules, courier: Courier, scheduler: Scheduler) -> None:
        self.kit = kit
        self.rules = rules
        self.courier = courier
        self.scheduler = scheduler
