"""The registry's HTTP face: OCI distribution 1.1 as docker, containerd, skopeo and oras speak it."""

from trunkline.engines.registry.http.app import RegistryApp

__all__ = ["RegistryApp"]
