"""The operations of Cloud Map, by what they are about."""

from trunkline.services.servicediscovery.api.instances import InstanceOperations
from trunkline.services.servicediscovery.api.namespaces import NamespaceOperations
from trunkline.services.servicediscovery.api.services import ServiceOperations


class Api(NamespaceOperations, ServiceOperations, InstanceOperations):
    """Every operation of Cloud Map."""
