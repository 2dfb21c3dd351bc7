"""The operations of CloudTrail, by what they are about."""

from trunkline.aws.service import Kit
from trunkline.services.cloudtrail.api.lookup import LookupOperations
from trunkline.services.cloudtrail.api.trails import TrailOperations


class Api(LookupOperations, TrailOperations):
    """Every operation that Trunkline has."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
