"""The events that ECR publishes.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
"""

from trunkline.core.events import Event
from trunkline.services.ecr.model import Repository

SOURCE = "aws.ecr"
IMAGE_ACTION = "ECR Image Action"


def image_action(repository: Repository, action: str, digest: str, tag: str | None) -> Event:
    """An image was pushed (PUSH) or deleted (DELETE), under a tag if it has one."""
    detail = {
        "action-type": action,
        "result": "SUCCESS",
        "repository-name": repository.name,
        "image-digest": digest,
    }
    if tag is not None:
        detail["image-tag"] = tag
    return Event(SOURCE, IMAGE_ACTION, detail, repository.account, repository.region, (repository.arn,))
