"""What Secrets Manager does and Trunkline does not, each with what to do instead."""

from trunkline.aws.errors import Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.secretsmanager.api.part import RESOURCE, Part


class RefusedOperations(Part):
    """Replication."""

    @operation(RESOURCE)
    async def replicate_secret_to_regions(self, call: Call, req: Doc) -> Doc:
        raise Refused(
            "Trunkline does not replicate secrets: create the secret in the other region.",
            code="InvalidRequestException",
            status=400,
        )
