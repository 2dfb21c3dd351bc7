"""Amazon SQS: standard and FIFO queues.

Real: every operation; long polling that wakes when a message comes; visibility, delay, retention; attributes with AWS's
MD5 digests; dead letters with redrive and redrive allow policies, and the tasks that move them back; order by message
group, deduplication for five minutes (by id or content, by queue or group), repeated receive attempts; queue policies
that decide; in-flight and size limits; metrics under AWS/SQS. A message that was acknowledged is on the disk, and a
deleted one does not come back.

Kept without effect: encryption settings (SSE-SQS, KMS): messages lie in the database as they are. A name can be used
again at once after DeleteQueue, where AWS makes its callers wait a minute. Queues have no throughput quotas.
"""

from trunkline.aws.service import Kit, Service
from trunkline.core.background import Background
from trunkline.engines import Engines
from trunkline.services.sqs import store
from trunkline.services.sqs.api import Api
from trunkline.services.sqs.api.context import Parts
from trunkline.services.sqs.metrics import Metrics
from trunkline.services.sqs.moving import Mover
from trunkline.services.sqs.resources import TYPES
from trunkline.services.sqs.waiting import Waiters


def build(kit: Kit, engines: Engines) -> Service:
    """The service, its tables made."""
    kit.db.migrate("sqs", store.MIGRATIONS)
    messages, waiters, metrics = store.Messages(kit.db), Waiters(), Metrics(kit)
    mover = Mover(kit, messages, waiters)
    background = Background(mover.run, metrics.run)
    api = Api(Parts(kit, engines.networks, messages, waiters, metrics, mover))
    return Service("sqs", api, background.start, background.stop, resource_types=TYPES)
