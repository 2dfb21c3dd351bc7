"""AWS X-Ray, so far: groups and sampling rules, kept as AWS keeps them.

Real: both with their tags, the default rule, limits and checks. Nothing is traced yet: groups select and rules sample
once traces are taken in; every other operation is refused.
"""

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.xray import store
from trunkline.services.xray.api import Api
from trunkline.services.xray.resources import TYPES
from trunkline.services.xray.search.retrieval import Retrievals


def build(kit: Kit, engines: Engines) -> Service:
    """The service, its tables made."""
    kit.db.migrate("xray", store.MIGRATIONS)
    retrievals = Retrievals(kit)
    api = Api(kit, engines.telemetry, retrievals)
    return Service("xray", api, stop=retrievals.stop, resource_types=TYPES)
