"""AWS Lambda: functions whose code really runs, in containers, on demand.

Real: functions from zips (in the request or in S3) and images, with AWS's runtime interface clients for Python and
Node.js, provided runtimes; layers; environment, credentials of the role; warm sandboxes, time-outs, memory limits,
crashes, logs and metrics as on AWS; versions, aliases with weights, resource policies.
One image of a language stands for all its versions (Python 3.11, Node.js 22). VpcConfig is checked and kept: functions
run beside the VPC, not in it. Ephemeral storage is not limited, SnapStart and X-Ray tracing are recorded only.

Refused: other runtimes than Python, Node.js and provided; extensions; file systems, code signing, durable functions.
"""

import asyncio

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.lambda_ import store
from trunkline.services.lambda_.api import Api
from trunkline.services.lambda_.context import Context
from trunkline.services.lambda_.downloads import PREFIX, Downloads
from trunkline.services.lambda_.packages import Packages
from trunkline.services.lambda_.resources import TYPES
from trunkline.services.lambda_.running.asynchronous import Queue
from trunkline.services.lambda_.running.runner import Runner


def build(kit: Kit, engines: Engines) -> Service:
    """Make the service; queued events go on when it starts."""
    kit.db.migrate("lambda", store.STEPS)
    packages = Packages(kit.settings.data_dir / "functions")
    runner = Runner(kit, engines, packages)
    queue = Queue(kit, runner)
    settings = kit.settings
    secret = settings.root_secret_access_key or settings.instance_id
    downloads = Downloads(packages, secret, kit.clock, f"{settings.host}:{settings.port}")
    context = Context(kit, engines, packages, runner, queue, downloads)
    tasks: list[asyncio.Task[None]] = []

    async def start() -> None:
        await packages.keep_only(store.folders(kit.db))
        tasks.append(asyncio.get_running_loop().create_task(queue.run(), name="lambda-queue"))

    async def stop() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await runner.stop()

    return Service("lambda", Api(context), start, stop, routes={PREFIX: downloads}, resource_types=TYPES)
