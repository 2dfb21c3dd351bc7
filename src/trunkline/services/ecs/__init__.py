"""ECS: tasks and services as real containers on this machine.

Real: clusters; task definitions; tasks (each with an address of its own, several containers sharing it; secrets, task
and execution roles, dependencies, health checks, awslogs, volumes of the task, limits); services with rolling
deployments (healthy percentages, circuit breaker with rollback) or with task sets for CodeDeploy and external
controllers; load balancers, drained before a container is stopped; events, metrics, tags. A task's CPU and memory limit
each of its containers. Desired state is kept over crashes: containers go on while Trunkline is down and are adopted
afterwards.

Clusters have no container instances: what asks for launch type EC2 gets AWS's answer for such a cluster. Role
credentials are asked for at 169.254.170.2 and renewed there, as is a task's metadata; where networks are not real, they
are environment variables given when a task starts. The X-Ray daemon is in AWS_XRAY_DAEMON_ADDRESS.

Refused, by name: EC2 and external instances, ECS Exec, Service Connect, EFS and other volumes,
FireLens, GPUs, environment files, private registries with repositoryCredentials, the newer built-in blue/green
strategies (use the CODE_DEPLOY controller), deployment alarms and life cycle hooks, daemon services, ARM and Windows.
"""

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.ecs import store
from trunkline.services.ecs.api import Api
from trunkline.services.ecs.placement import Placement
from trunkline.services.ecs.resources import TYPES
from trunkline.services.ecs.running import metadata
from trunkline.services.ecs.running.keeper import Keeper
from trunkline.services.ecs.running.metrics import Metrics
from trunkline.services.ecs.scheduling.loop import Scheduler
from trunkline.services.ecs.waking import Waking


def build(kit: Kit, engines: Engines) -> Service:
    """Compose the service."""
    kit.db.migrate("ecs", store.STEPS)
    waking = Waking()
    keeper = Keeper(kit, engines.containers, engines.networks, waking)
    scheduler = Scheduler(kit, waking)
    metrics = Metrics(kit, engines.containers)

    async def start() -> None:
        await keeper.start()
        await scheduler.start()
        await metrics.start()

    async def stop() -> None:
        await metrics.stop()
        await scheduler.stop()
        await keeper.stop()

    routes = {metadata.ROUTE: metadata.Metadata(kit, engines.networks)}
    return Service("ecs", Api(kit, Placement(kit), waking), start=start, stop=stop, routes=routes, resource_types=TYPES)
