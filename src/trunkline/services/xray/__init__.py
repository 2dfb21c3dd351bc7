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
from trunkline.services.xray.watch import Watch


def build(kit: Kit, engines: Engines) -> Service:
    """The service, its tables made."""
    kit.db.migrate("xray", store.MIGRATIONS)
    retrievals = Retrievals(kit)
    watch = Watch(kit, engines.telemetry)

    async def stop() -> None:
        await watch.stop()
        await retrievals.stop()

    api = Api(kit, engines.telemetry, retrievals)
    return Service("xray", api, start=watch.start, stop=stop, resource_types=TYPES)
