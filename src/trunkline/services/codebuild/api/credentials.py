"""Credentials for other git servers: one for each kind of server in an account and region, and never shown again."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, operation
from trunkline.core.db import Tx
from trunkline.services.codebuild import store
from trunkline.services.codebuild.api.support import Group
from trunkline.services.codebuild.model import Doc, SourceCredential
from trunkline.services.codebuild.validation import invalid

_AUTH = ("PERSONAL_ACCESS_TOKEN", "BASIC_AUTH")


class Credentials(Group):
    """ImportSourceCredentials and its like."""

    @operation(lambda call, req: call.arn("token/*"))
    async def import_source_credentials(self, call: Call, req: Doc) -> Doc:
        kind = req["authType"]
        if kind not in _AUTH:
            raise invalid(f"The authentication type {kind} is not supported by Trunkline: use {' or '.join(_AUTH)}.")
        if kind == "BASIC_AUTH" and not req.get("username"):
            raise invalid("A username is required for the authentication type BASIC_AUTH.")
        made = SourceCredential(
            call.account, call.region, req["serverType"], kind, req["token"], req.get("username", "")
        )

        def write(tx: Tx) -> None:
            there = store.credentials.get(tx, call.account, call.region, made.server)
            if there is not None and not req.get("shouldOverwrite", True):
                text = f"Access token with server type {made.server} already exists."
                raise AwsError("ResourceAlreadyExistsException", text)
            store.credentials.put(tx, made)

        await self._db.write(write)
        return {"arn": made.arn}

    @operation(lambda call, req: call.arn("token/*"))
    async def list_source_credentials(self, call: Call, req: Doc) -> Doc:
        found = store.credentials.find(self._db, prefix=(call.account, call.region))
        return {
            "sourceCredentialsInfos": [
                {"arn": one.arn, "serverType": one.server, "authType": one.auth} for one in found
            ]
        }

    @operation("{arn}")
    async def delete_source_credentials(self, call: Call, req: Doc) -> Doc:
        def delete(tx: Tx) -> None:
            # The last part of the ARN is the server's kind; what is no ARN names none.
            server = req["arn"].rpartition("/")[2].upper()
            if not store.credentials.delete(tx, call.account, call.region, server):
                raise AwsError("ResourceNotFoundException", f"Source credentials cannot be found: {req['arn']}")

        await self._db.write(delete)
        return {"arn": req["arn"]}
