"""The registry as a whole: how to log in to it, and its settings."""

import base64
from datetime import UTC, datetime

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ecr.api.part import Part


class RegistryPart(Part):
    """Operations on the registry."""

    @operation(mutates=False)
    async def get_authorization_token(self, call: Call, req: Doc) -> Doc:
        """User name and password for `docker login`, good for twelve hours."""
        if any(each != call.account for each in req.get("registryIds", ())):
            raise AwsError("InvalidParameterException", "Only the caller's own registry can be logged in to.")
        password, expires = self._tokens.password(call.caller)
        return {
            "authorizationData": [
                {
                    "authorizationToken": base64.b64encode(f"AWS:{password}".encode()).decode(),
                    "expiresAt": datetime.fromtimestamp(expires, UTC),
                    "proxyEndpoint": f"http://127.0.0.1:{self._kit.settings.port}",
                }
            ]
        }

    @operation()
    async def describe_registry(self, call: Call, req: Doc) -> Doc:
        """The registry's id; nothing is replicated."""
        return {"registryId": call.account, "replicationConfiguration": {"rules": []}}

    @operation(mutates=False)
    async def get_registry_scanning_configuration(self, call: Call, req: Doc) -> Doc:
        """Basic scanning, without rules."""
        return {"registryId": call.account, "scanningConfiguration": {"scanType": "BASIC", "rules": []}}

    @operation()
    async def put_replication_configuration(self, call: Call, req: Doc) -> Doc:
        """An empty configuration is what there is; any other is refused."""
        if req["replicationConfiguration"]["rules"]:
            raise Refused("Trunkline does not replicate images between registries; push to each of them.")
        return {"replicationConfiguration": {"rules": []}}
