"""The two drivers by their names."""

from trunkline.core.clock import Clock
from trunkline.engines.containers import Containers
from trunkline.engines.functions.contained import ContainerLauncher
from trunkline.engines.functions.fake import FakeLauncher
from trunkline.engines.functions.interface import Functions
from trunkline.engines.functions.launching import Launcher
from trunkline.engines.functions.pool import PooledFunctions


def open_functions(driver: str, containers: Containers, clock: Clock) -> Functions:
    """Functions in containers ("docker"), or in plain processes ("fake")."""
    launcher: Launcher = FakeLauncher() if driver == "fake" else ContainerLauncher(containers)
    return PooledFunctions(launcher, clock)
