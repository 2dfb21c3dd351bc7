"""VPCs as Linux network namespaces."""

from trunkline.engines.networks.linux.driver import LinuxNetworks
from trunkline.engines.networks.linux.kernel import missing

__all__ = ["LinuxNetworks", "missing"]
