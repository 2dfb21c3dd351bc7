"""The real things that several services share, each behind a small interface."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trunkline.engines.containers.interface import Containers
    from trunkline.engines.functions.interface import Functions
    from trunkline.engines.git.interface import Git
    from trunkline.engines.networks.interface import Networks
    from trunkline.engines.objects.interface import Objects
    from trunkline.engines.proxy.interface import Proxy
    from trunkline.engines.registry.interface import Registry
    from trunkline.engines.telemetry.interface import Telemetry
    from trunkline.engines.workflows.interface import Workflows


@dataclass(frozen=True, slots=True)
class Engines:
    """One driver of each engine, as the composition root chose them."""

    containers: "Containers"
    networks: "Networks"
    proxy: "Proxy"
    git: "Git"
    registry: "Registry"
    objects: "Objects"
    workflows: "Workflows"
    telemetry: "Telemetry"
    functions: "Functions"
