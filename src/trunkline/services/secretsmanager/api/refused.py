"""What Secrets Manager does and Trunkline does not, each with what to do instead."""

from trunkline.aws.errors import Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.secretsmanager.api.part import RESOURCE, Part


def _refused(message: str) -> Refused:
    return Refused(message, code="InvalidRequestException", status=400)


class RefusedOperations(Part):
    """Rotation and replication."""

    @operation(RESOURCE)
    async def rotate_secret(self, call: Call, req: Doc) -> Doc:
        raise _refused("Trunkline does not rotate secrets: put the new value with PutSecretValue.")

    @operation(RESOURCE)
    async def cancel_rotate_secret(self, call: Call, req: Doc) -> Doc:
        raise _refused("Trunkline does not rotate secrets, so there is no rotation to cancel.")

    @operation(RESOURCE)
    async def replicate_secret_to_regions(self, call: Call, req: Doc) -> Doc:
        raise _refused("Trunkline does not replicate secrets: create the secret in the other region.")
