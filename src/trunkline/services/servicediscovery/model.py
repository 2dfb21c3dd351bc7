"""Namespaces, services, instances and operations of Cloud Map. Pure.

https://docs.aws.amazon.com/cloud-map/latest/dg/working-with-instances.html
"""

from dataclasses import dataclass, field
from typing import Any

from trunkline.aws import arn as arns
from trunkline.aws.errors import AwsError

Doc = dict[str, Any]
HTTP, PRIVATE, PUBLIC = "HTTP", "DNS_PRIVATE", "DNS_PUBLIC"
HEALTHY, UNHEALTHY = "HEALTHY", "UNHEALTHY"
_SOA_TTL_S = 15


@dataclass(slots=True)
class Namespace:
    account: str
    region: str
    id: str
    name: str
    kind: str
    created: float
    vpc: str = ""
    zone: str = ""
    description: str = ""
    creator: str = ""
    ttl_s: int = _SOA_TTL_S
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return arns.arn("servicediscovery", self.region, self.account, f"namespace/{self.id}")


@dataclass(slots=True)
class Registry:
    """What Cloud Map calls a service. `revision` grows with every change of its instances."""

    account: str
    region: str
    id: str
    name: str
    namespace: str
    kind: str
    created: float
    description: str = ""
    creator: str = ""
    dns: Doc = field(default_factory=dict)
    check: Doc = field(default_factory=dict)
    custom_check: Doc | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    revision: int = 1

    @property
    def arn(self) -> str:
        return arns.arn("servicediscovery", self.region, self.account, f"service/{self.id}")

    @property
    def record_types(self) -> set[str]:
        return {record["Type"] for record in self.dns.get("DnsRecords", ())}


@dataclass(slots=True)
class Instance:
    account: str
    region: str
    registry: str
    id: str
    attributes: dict[str, str] = field(default_factory=dict)
    creator: str = ""
    health: str = HEALTHY


@dataclass(slots=True)
class Operation:
    """Something that AWS does in the background; here it is done when the call is answered."""

    account: str
    region: str
    id: str
    kind: str
    created: float
    targets: dict[str, str] = field(default_factory=dict)
    status: str = "SUCCESS"


def check_instance(registry: Registry, attributes: dict[str, str]) -> None:
    """Refuse an instance that lacks what the DNS records of its service need."""
    kinds = registry.record_types
    if "AWS_ALIAS_DNS_NAME" in attributes:
        raise invalid("Trunkline has no alias records: register instances by AWS_INSTANCE_IPV4.")
    if "CNAME" in kinds and "AWS_INSTANCE_CNAME" not in attributes:
        raise invalid("Attribute AWS_INSTANCE_CNAME is required for a service with CNAME records.")
    if "A" in kinds and "AWS_INSTANCE_IPV4" not in attributes:
        raise invalid("Attribute AWS_INSTANCE_IPV4 is required for a service with A records.")
    if "AAAA" in kinds and "AWS_INSTANCE_IPV6" not in attributes:
        raise invalid("Attribute AWS_INSTANCE_IPV6 is required for a service with AAAA records.")
    if "SRV" in kinds:
        if "AWS_INSTANCE_PORT" not in attributes:
            raise invalid("Attribute AWS_INSTANCE_PORT is required for a service with SRV records.")
        if not {"AWS_INSTANCE_IPV4", "AWS_INSTANCE_IPV6", "AWS_INSTANCE_CNAME"} & attributes.keys():
            raise invalid(
                "A service with SRV records needs AWS_INSTANCE_IPV4, AWS_INSTANCE_IPV6 or AWS_INSTANCE_CNAME."
            )
    port = attributes.get("AWS_INSTANCE_PORT")
    if port is not None and not (port.isdigit() and 0 < int(port) < 65_536):
        raise invalid(f"AWS_INSTANCE_PORT {port} must be between 1 and 65535.")


def invalid(message: str) -> AwsError:
    return AwsError("InvalidInput", message)
