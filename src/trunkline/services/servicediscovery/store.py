"""The tables of Cloud Map, and how requests name what is in them: by id or by ARN."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call
from trunkline.core.db import Reader, Table
from trunkline.services.servicediscovery.model import Instance, Namespace, Operation, Registry

NAMESPACES = Table("cloudmap_namespaces", Namespace, key=("account", "region", "id"))
REGISTRIES = Table("cloudmap_services", Registry, key=("account", "region", "id"))
INSTANCES = Table("cloudmap_instances", Instance, key=("account", "region", "registry", "id"))
OPERATIONS = Table("cloudmap_operations", Operation, key=("account", "region", "id"))
MIGRATIONS = [NAMESPACES.ddl + REGISTRIES.ddl + INSTANCES.ddl + OPERATIONS.ddl]


def _id(text: str) -> str:
    return text.rpartition("/")[2]


def namespace(reader: Reader, call: Call, text: str) -> Namespace:
    found = NAMESPACES.get(reader, call.account, call.region, _id(text))
    if found is None:
        raise AwsError("NamespaceNotFound", f"Namespace not found: {text}")
    return found


def registry(reader: Reader, call: Call, text: str) -> Registry:
    found = REGISTRIES.get(reader, call.account, call.region, _id(text))
    if found is None:
        raise AwsError("ServiceNotFound", f"Service not found: {text}")
    return found


def instances(reader: Reader, of: Registry) -> list[Instance]:
    return INSTANCES.find(reader, prefix=(of.account, of.region, of.id))


def registries(reader: Reader, of: Namespace) -> list[Registry]:
    found = REGISTRIES.find(reader, prefix=(of.account, of.region))
    return [one for one in found if one.namespace == of.id]


def by_name(reader: Reader, call: Call, namespace_name: str, name: str) -> Registry:
    """A service by the names that DiscoverInstances uses."""
    spaces = [
        one
        for one in NAMESPACES.find(reader, prefix=(call.account, call.region))
        if one.name.lower() == namespace_name.lower().rstrip(".")
    ]
    if not spaces:
        raise AwsError("NamespaceNotFound", f"Namespace not found: {namespace_name}")
    for space in spaces:
        for one in registries(reader, space):
            if one.name.lower() == name.lower():
                return one
    raise AwsError("ServiceNotFound", f"Service not found: {name}")
