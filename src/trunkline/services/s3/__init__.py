"""Amazon S3: buckets and objects, with their bytes in engines/objects and everything else in one row a version.

Real: buckets; put, get, head, delete and copy of objects with ranges, conditions, checksums of every algorithm (also in
trailers), metadata and tags; listings of both generations; versions and delete markers; multipart uploads; bucket
policies and the public access block; encryption at rest with keys of S3's own or of KMS, when asked for; lifecycle
expiration and transitions; archived objects, which must be restored before they are read; notifications to
EventBridge, SNS, SQS and Lambda; canned access control lists of buckets where their ownership setting allows lists;
cross-origin rules, by which browsers are answered.

Refused: lists with grants of their own and lists of objects, object lock, websites, replication, inventory,
analytics, logging, acceleration, SSE-C, directory buckets, conditional deletes. A stack's template may carry these
settings: they are recorded there and have no effect.

Differs from AWS: objects are encrypted only when the request or the bucket asks for it, and no answer claims more;
storage classes are names; a copy of a multipart object keeps its parts and its "-N" ETag.
"""

from trunkline.aws.service import Kit, Service
from trunkline.core.background import Background
from trunkline.engines import Engines
from trunkline.services.s3 import events, store, uploads
from trunkline.services.s3.api import Api
from trunkline.services.s3.cors import Cors
from trunkline.services.s3.expiry import Expiry
from trunkline.services.s3.resources import TYPES


def build(kit: Kit, engines: Engines) -> Service:
    """The service, its tables made."""
    kit.db.migrate("s3", [*store.MIGRATIONS, *uploads.MIGRATIONS, *events.MIGRATIONS])
    notifications = events.Events(kit)
    expiry = Expiry(kit, engines.objects, notifications)
    background = Background(notifications.run, expiry.run)
    api = Api(kit, engines.objects, notifications)
    return Service("s3", api, background.start, background.stop, resource_types=TYPES, origins=Cors(api.gate))
