"""Trunkline: the DevOps-on-AWS toolchain as software a team owns."""

__version__ = "0.1.0"
