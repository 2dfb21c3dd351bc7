"""Elastic Load Balancing (v2): load balancers that really balance, by the proxy engine.

Real: load balancers, each on an address of its own (its DNS name is that literal); HTTP listeners; rules
with all six conditions; weighted forward with stickiness, redirect, fixed response; target groups of IP addresses
with health checks, draining and stickiness by the load balancer's cookie; network load balancers, whose TCP listeners
hand connections on as they are (without metrics); metrics in CloudWatch under
AWS/ApplicationELB, second by second; trace headers, and segments of requests that are traced (`tracing`). Changing
weights takes effect before the call is answered, and nothing is reloaded for it.

A listener on a port below 1024 answers 8000 above it (80 → 8080) when the user who runs Trunkline may not bind the
port itself; the load balancer's State.Reason says so.

Unlike AWS: deregistration ends as soon as nothing is open (at the latest after the delay); when all targets of a
group are unhealthy, requests get 503; one node, counted in the first of the zones. Where networks are real, a load
balancer has an interface with its security groups in each subnet, from which it reaches its targets; what its own
groups would not let in from clients is let in. Where they are not, groups and subnets are checked and kept only.

Groups of instances can be made and stay empty: there are no instances.

Refused: gateway load balancers, TLS and UDP, HTTPS (there is no certificate service yet), targets that are functions
or load balancers, HTTP/2 and gRPC to targets, IPv6, authentication actions, URL rewrites, regular expressions in
conditions, access logs to S3, and attribute values that would ask for something that is not done.
"""

from __future__ import annotations

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.elbv2 import store
from trunkline.services.elbv2.api import Api
from trunkline.services.elbv2.control import Control
from trunkline.services.elbv2.metrics import Metrics
from trunkline.services.elbv2.reach import Reach
from trunkline.services.elbv2.resources import TYPES
from trunkline.services.elbv2.tracing import Tracing


def build(kit: Kit, engines: Engines) -> Service:
    kit.db.migrate("elbv2", store.MIGRATIONS)
    control = Control(kit, engines.proxy, Reach(kit, engines.networks))
    metrics = Metrics(kit, control)
    tracing = Tracing(kit, control)

    async def start() -> None:
        await tracing.start()
        await control.start()
        await metrics.start()

    async def stop() -> None:
        await tracing.stop()
        await metrics.stop()
        await control.stop()

    return Service("elbv2", Api(kit, control), start=start, stop=stop, resource_types=TYPES)
