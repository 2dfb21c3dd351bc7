"""Private DNS: what the name server of a VPC answers for the services of its private namespaces."""

import random
from collections.abc import Sequence

from trunkline.core.db import Reader
from trunkline.services.servicediscovery import store
from trunkline.services.servicediscovery.model import HEALTHY, PRIVATE, Registry

_MOST = 8


class Names:
    """Looks names up for VPCs."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def addresses(self, vpc: str, name: str) -> Sequence[str] | None:
        """The IPv4 addresses of a name, as seen from a VPC; None when no namespace of that VPC holds it."""
        asked = name.lower().rstrip(".")
        for space in store.NAMESPACES.find(self._reader):
            if space.kind != PRIVATE or space.vpc != vpc or not asked.endswith(f".{space.name.lower()}"):
                continue
            wanted = asked.removesuffix(f".{space.name.lower()}")
            for registry in store.registries(self._reader, space):
                if registry.name.lower() == wanted and "A" in registry.record_types:
                    return self._of(registry)
            return []
        return None

    def _of(self, registry: Registry) -> list[str]:
        every = store.instances(self._reader, registry)
        # As Route 53 does: when all are unhealthy, all are answered.
        chosen = [one for one in every if one.health == HEALTHY] or every
        found = [one.attributes["AWS_INSTANCE_IPV4"] for one in chosen if "AWS_INSTANCE_IPV4" in one.attributes]
        random.shuffle(found)
        weighted = registry.dns.get("RoutingPolicy", "MULTIVALUE") == "WEIGHTED"
        return found[:1] if weighted else found[:_MOST]
