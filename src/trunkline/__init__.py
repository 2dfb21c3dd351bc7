"""Trunkline: the DevOps-on-AWS toolchain as software a team owns."""
