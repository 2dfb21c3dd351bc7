"""AWS Cloud Map: namespaces, services and where their instances are.

Real: HTTP and private DNS namespaces, services, instances with attributes and custom health, DiscoverInstances; the
tasks of ECS services with serviceRegistries are registered while they run; names of private namespaces (A records) are
answered by the name servers of their VPCs where networks are real.

Kept without effect: public DNS namespaces and Route 53 health checks (there is no public name server; nothing checks),
AAAA, SRV and CNAME records (instances with them are discovered by the API). Refused: alias records. Every operation is
over when the call is answered.

The SDKs put "data-" before the endpoint's host for DiscoverInstances; switch that off (botocore: inject_host_prefix).
"""

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.servicediscovery import store
from trunkline.services.servicediscovery.api import Api
from trunkline.services.servicediscovery.names import Names
from trunkline.services.servicediscovery.resources import TYPES
from trunkline.services.servicediscovery.tasks import TaskInstances


def build(kit: Kit, engines: Engines) -> Service:
    """The service, its tables made, tasks followed and names answered."""
    kit.db.migrate("servicediscovery", store.MIGRATIONS)
    TaskInstances(kit)
    engines.networks.answer_names(Names(kit.db).addresses)
    return Service("servicediscovery", Api(kit), resource_types=TYPES)
