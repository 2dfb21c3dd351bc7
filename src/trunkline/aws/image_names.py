"""Images of ECR as users name them, wherever a task, a build or a function runs one.

AWS's form is ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME. The CDK's hotswap takes what follows the region from the
endpoint it talks to (AWS::URLSuffix), so that the same image may come as ACCOUNT.dkr.ecr.REGION.127.0.0.1/NAME.
"""

import re
from typing import NamedTuple

_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[a-zA-Z0-9.-]+/(.+)")


class EcrImage(NamedTuple):
    account: str
    region: str
    name: str  # the repository, with the tag or digest


def ecr_image(reference: str) -> EcrImage | None:
    """None for an image of another registry."""
    found = _ECR.fullmatch(reference)
    return EcrImage(found[1], found[2], found[3]) if found else None
