"""AWS Lambda: functions whose code really runs, in containers, on demand.

Real: functions from zips (in the request or in S3) and images, with AWS's runtime interface clients for Python and
Node.js, provided runtimes; layers; environment, credentials of the role; warm sandboxes, time-outs, memory limits,
crashes, logs and metrics as on AWS; versions, aliases with weights, resource policies; asynchronous events with
retries, destinations and dead-letter queues; function URLs; SQS event sources.
One image of a language stands for all its versions (Python 3.11, Node.js 22). A function with a VpcConfig has an
interface of its subnet where networks are real. Active tracing makes X-Ray segments.
Ephemeral storage is not limited; provisioned concurrency and SnapStart are recorded only.

Refused: other runtimes than Python, Node.js and provided; event sources but SQS; file systems, code signing, durable
functions, capacity providers, tenant isolation. Extensions in layers are not started.
"""

import asyncio

from trunkline.aws.service import AsgiApp, Kit, Service
from trunkline.engines import Engines
from trunkline.services.lambda_ import downloads as downloading
from trunkline.services.lambda_ import store, web
from trunkline.services.lambda_.api import Api
from trunkline.services.lambda_.context import Context
from trunkline.services.lambda_.downloads import Downloads
from trunkline.services.lambda_.packages import Packages
from trunkline.services.lambda_.resources import TYPES
from trunkline.services.lambda_.running import attaching
from trunkline.services.lambda_.running.asynchronous import Queue
from trunkline.services.lambda_.running.pollers import Pollers
from trunkline.services.lambda_.running.runner import Runner
from trunkline.services.lambda_.web import FunctionUrls


def build(kit: Kit, engines: Engines) -> Service:
    """Make the service; queued events go on when it starts."""
    kit.db.migrate("lambda", store.STEPS)
    packages = Packages(kit.settings.data_dir / "functions")
    runner = Runner(kit, engines, packages)
    queue = Queue(kit, runner)
    settings = kit.settings
    secret = settings.root_secret_access_key or settings.instance_id
    downloads = Downloads(packages, secret, kit.clock, f"{settings.host}:{settings.port}")
    pollers = Pollers(kit, runner)
    context = Context(kit, engines, packages, runner, queue, downloads, pollers)
    tasks: list[asyncio.Task[None]] = []

    async def start() -> None:
        await packages.keep_only(store.folders(kit.db))
        tasks.append(asyncio.get_running_loop().create_task(queue.run(), name="lambda-queue"))
        pollers.start()
        if engines.networks.real:
            tasks.append(asyncio.get_running_loop().create_task(runner.attaching.remove_orphans()))

    async def stop() -> None:
        await pollers.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await runner.stop()

    routes: dict[str, AsgiApp] = {downloading.PREFIX: downloads, web.PREFIX: FunctionUrls(kit, runner)}
    routes[attaching.PREFIX] = attaching.RuntimeDoor(engines)
    return Service("lambda", Api(context), start, stop, routes=routes, resource_types=TYPES)
