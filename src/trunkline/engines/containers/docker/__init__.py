"""Driver for the Docker Engine. Nothing outside of this folder knows Docker's API."""

from trunkline.engines.containers.docker.driver import DockerContainers

__all__ = ["DockerContainers"]
