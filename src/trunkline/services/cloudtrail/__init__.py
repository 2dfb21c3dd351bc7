"""AWS CloudTrail: who did what, from the ledger.

Real: LookupEvents over the last ninety days by every attribute but the resource's type; trails that deliver to S3 as
gzipped JSON under AWS's keys (some seconds after the call), to CloudWatch Logs and, as notices, to SNS; event selectors
for management and S3 data events; multi-region trails.

The record has the calls that change something; reads are not in it. Kept without effect: log file validation (no
digests are written) and insight selectors. Refused: organization trails, advanced event selectors, CloudTrail Lake,
channels.
"""

from trunkline.aws.service import Kit, Service
from trunkline.core.background import Background
from trunkline.engines import Engines
from trunkline.services.cloudtrail import delivery, store
from trunkline.services.cloudtrail.api import Api
from trunkline.services.cloudtrail.resources import TYPES


def build(kit: Kit, engines: Engines) -> Service:
    """The service, its table made."""
    kit.db.migrate("cloudtrail", store.MIGRATIONS)
    courier = delivery.Courier(kit)
    background = Background(courier.run)
    return Service("cloudtrail", Api(kit), background.start, background.stop, resource_types=TYPES)
