"""SAML providers: kept, so that stacks with federation deploy; no assertion is exchanged for credentials."""

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise, pairs
from trunkline.core import ids
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.iam import store
from trunkline.services.iam.api.part import Part
from trunkline.services.iam.model import SamlProvider

PROVIDER = "{SAMLProviderArn}"


class SamlProviderOperations(Part):
    """CreateSAMLProvider and its like."""

    @operation("arn:aws:iam::{account}:saml-provider/{Name}")
    async def create_saml_provider(self, call: Call, req: Doc) -> Doc:
        _check(req)
        created = SamlProvider(
            account=call.account,
            arn=f"arn:aws:iam::{call.account}:saml-provider/{req['Name']}",
            id=ids.alnum(24, lower=False),
            metadata=req["SAMLMetadataDocument"],
            created=self._clock.now(),
            encryption=req.get("AssertionEncryptionMode", ""),
            tags=normalise(req.get("Tags"), error="InvalidInput", too_many="LimitExceeded"),
        )
        try:
            await self._change(lambda tx: store.SAML_PROVIDERS.insert(tx, created))
        except AlreadyExists:
            raise AwsError("EntityAlreadyExists", f"A provider named {req['Name']} already exists.") from None
        return {"SAMLProviderArn": created.arn, "Tags": pairs(created.tags)}

    @operation(PROVIDER)
    async def get_saml_provider(self, call: Call, req: Doc) -> Doc:
        item = store.saml_provider(self._db, call.account, req["SAMLProviderArn"])
        return {
            "SAMLProviderUUID": item.id,
            "SAMLMetadataDocument": item.metadata,
            "CreateDate": item.created,
            "AssertionEncryptionMode": item.encryption or None,
            "Tags": pairs(item.tags),
        }

    @operation(PROVIDER)
    async def update_saml_provider(self, call: Call, req: Doc) -> Doc:
        _check(req)

        def write(tx: Tx) -> None:
            item = store.saml_provider(tx, call.account, req["SAMLProviderArn"])
            item.metadata = req.get("SAMLMetadataDocument", item.metadata)
            item.encryption = req.get("AssertionEncryptionMode", item.encryption)
            store.SAML_PROVIDERS.put(tx, item)

        await self._change(write)
        return {"SAMLProviderArn": req["SAMLProviderArn"]}

    @operation(PROVIDER)
    async def delete_saml_provider(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = store.saml_provider(tx, call.account, req["SAMLProviderArn"])
            store.SAML_PROVIDERS.delete(tx, item.account, item.arn)

        await self._change(write)

    @operation()
    async def list_saml_providers(self, call: Call, req: Doc) -> Doc:
        found = store.SAML_PROVIDERS.find(self._db, prefix=(call.account,))
        return {"SAMLProviderList": [{"Arn": item.arn, "CreateDate": item.created} for item in found]}


def _check(req: Doc) -> None:
    if "AddPrivateKey" in req or "RemovePrivateKey" in req:
        raise Refused("Trunkline decrypts no SAML assertions: leave private keys out.")
    if "EntityDescriptor" not in req.get("SAMLMetadataDocument", "EntityDescriptor"):
        raise AwsError("InvalidInput", "Could not parse metadata")
