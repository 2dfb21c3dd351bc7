"""Data protection: sensitive data in log events is found as they come in, and masked wherever they are read.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/mask-sensitive-log-data.html

Events are stored as they came. A policy protects the events ingested while it is in force, and goes on protecting them
when it is replaced or deleted; so a policy leaves an era behind, and a read masks each event by the eras it falls into.
"""

from __future__ import annotations

from trunkline.services.logs.protection.masking import Masks
from trunkline.services.logs.protection.policy import Policy, parse

__all__ = ["Masks", "Policy", "parse"]
