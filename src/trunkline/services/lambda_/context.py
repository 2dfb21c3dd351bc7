"""What every part of the service works with."""

from dataclasses import dataclass

from trunkline.aws.service import Kit
from trunkline.engines import Engines
from trunkline.services.lambda_.downloads import Downloads
from trunkline.services.lambda_.packages import Packages
from trunkline.services.lambda_.running.asynchronous import Queue
from trunkline.services.lambda_.running.pollers import Pollers
from trunkline.services.lambda_.running.runner import Runner


@dataclass(frozen=True, slots=True)
class Context:
    kit: Kit
    engines: Engines
    packages: Packages
    runner: Runner
    queue: Queue
    downloads: Downloads
    pollers: Pollers
