"""Put the parts together: engines by the settings, services from the catalogue, the gateway in front."""

import importlib
from collections.abc import Callable

from trunkline.agents.daemon import Daemon
from trunkline.agents.otlp import PATHS, Receiver
from trunkline.agents.senders import Senders
from trunkline.aws.audit import Audit
from trunkline.aws.call import Client
from trunkline.aws.gateway import Gateway
from trunkline.aws.identity import Authorizer
from trunkline.aws.operations import Operations
from trunkline.aws.resources import ResourceTypes
from trunkline.aws.service import Kit, Service
from trunkline.aws.upstream_types import UpstreamTypes
from trunkline.core.bus import Bus
from trunkline.core.clock import RealClock
from trunkline.core.db import Database
from trunkline.core.ledger import Ledger
from trunkline.core.log import get
from trunkline.core.settings import Settings
from trunkline.engines import Engines
from trunkline.insights.drift import Guard
from trunkline.server import engines as drivers
from trunkline.server.catalog import SERVICES
from trunkline.server.internal import Internal

log = get(__name__)


class Platform:
    """Everything that runs in the process, and the order in which it starts and stops."""

    def __init__(
        self,
        kit: Kit,
        engines: Engines,
        services: list[Service],
        gateway: Gateway,
        daemon: Daemon,
        upstream: UpstreamTypes | None = None,
    ) -> None:
        self.kit = kit
        self.engines = engines
        self.services = services
        self.gateway = gateway
        self.daemon = daemon
        self._upstream = upstream
        self._db = kit.db
        self._is_quiet = False

    async def start(self) -> None:
        """Engines first, then what reacts and runs on them."""
        await drivers.start(self.engines)
        for service in self.services:
            if service.start is not None:
                await service.start()
        await self.kit.bus.start()
        await self.engines.workflows.resume()

    async def stop(self) -> None:
        """In reverse; containers and the load balancer are left running."""
        await self.daemon.stop()
        await self.quiet()
        await self.gateway.close()
        if self._upstream is not None:
            await self._upstream.close()
        await drivers.stop(self.engines)
        self._db.close()

    async def quiet(self) -> None:
        """Nothing is done any more of its own accord: no workflow, no reaction, no service that keeps things up."""
        if self._is_quiet:
            return
        self._is_quiet = True
        await self.engines.workflows.close()
        await self.kit.bus.stop()
        for service in reversed(self.services):
            if service.stop is not None:
                try:
                    await service.stop()
                except Exception:
                    log.exception("a service did not stop cleanly", service=service.name)

    async def container_gateway(self) -> str | None:
        """The address at which containers see this host, or None when there are no containers here."""
        return await drivers.gateway_address(self.engines)

    async def network_endpoint(self) -> str | None:
        """The address at which containers in VPCs see this host, or None when networks are not real."""
        return self.engines.networks.endpoint


def build(settings: Settings, stop: Callable[[], None]) -> Platform:
    """Compose a server; nothing runs before `Platform.start`. `stop` asks the process to end."""
    clock = RealClock(settings.clock)
    db = Database(settings.data_dir / "state.db")
    ledger = Ledger(db)
    bus = Bus(db, ledger, clock)
    engines = drivers.choose(settings, db, clock)
    operations = Operations(Audit(db, ledger, clock))
    kit = Kit(settings, db, clock, ledger, bus, Client(operations), ResourceTypes())
    services = [importlib.import_module(f"trunkline.services.{name}").build(kit, engines) for name in SERVICES]
    for service in services:
        kit.resource_types.add(service.resource_types)
    upstream = UpstreamTypes(settings) if settings.upstream else None
    if upstream is not None:
        kit.resource_types.elsewhere = upstream.find
    identity = next(service.identity for service in services if service.identity is not None)
    operations.open(services, Authorizer(identity, clock))
    if settings.guard != "off":
        operations.guard = Guard(kit, settings.guard)
    gateway = Gateway(settings, operations, identity, clock)
    gateway.origins = next((service.origins for service in services if service.origins is not None), None)
    for service in services:
        gateway.mount(service.routes)
    senders = Senders(kit, engines)
    receiver = Receiver(kit, senders)
    gateway.mount(dict.fromkeys(PATHS, receiver))
    platform = Platform(kit, engines, services, gateway, Daemon(kit, senders, receiver), upstream)
    gateway.mount({"/_trunkline/": Internal(kit, engines, operations, identity, stop, platform.quiet)})
    return platform
