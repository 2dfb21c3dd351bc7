"""The operations of S3, by what they are about."""

from trunkline.aws.service import Kit
from trunkline.engines.objects import Objects
from trunkline.services.s3.api.absent import AbsentApi
from trunkline.services.s3.api.archive import ArchiveApi
from trunkline.services.s3.api.buckets import BucketApi
from trunkline.services.s3.api.cross_origin import CrossOriginApi
from trunkline.services.s3.api.listings import ListingApi
from trunkline.services.s3.api.multipart import MultipartApi
from trunkline.services.s3.api.notifications import NotificationsApi
from trunkline.services.s3.api.ownership import OwnershipApi
from trunkline.services.s3.api.tagging import TaggingApi
from trunkline.services.s3.events import Events
from trunkline.services.s3.gate import Gate
from trunkline.services.s3.sealing import Sealing


class Api(
    BucketApi,
    TaggingApi,
    ListingApi,
    MultipartApi,
    CrossOriginApi,
    OwnershipApi,
    NotificationsApi,
    ArchiveApi,
    AbsentApi,
):
    """Every operation of S3 that Trunkline has."""

    def __init__(self, kit: Kit, objects: Objects, events: Events) -> None:
        self.kit = kit
        self.objects = objects
        self.gate = Gate(kit)
        self.sealing = Sealing(kit)
        self.events = events
