"""The services of the server's catalogue by the names that botocore and AWS know them by."""

from trunkline.aws.models.catalog import CATALOG
from trunkline.server.catalog import SERVICES

_KNOWN = {name.replace("-", ""): name for name in CATALOG}
NAMES: dict[str, str] = {folder: _KNOWN[folder.rstrip("_")] for folder in SERVICES}
"""Folder → botocore's name."""
