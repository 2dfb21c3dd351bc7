"""AWS::IAM::OIDCProvider. Ref gives its ARN."""

from typing import ClassVar

from trunkline.aws.errors import AwsError
from trunkline.aws.handlers import differs, dropped_tags, given, is_mine, missing_from, own_tags, pairs
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.iam.resources.holders import ABSENT, in_order


class OidcProviderType(ResourceType):
    """An identity provider that speaks OpenID Connect."""

    name: ClassVar[str] = "AWS::IAM::OIDCProvider"
    honoured: ClassVar[frozenset[str]] = frozenset({"ClientIdList", "Tags", "ThumbprintList", "Url"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        arn = f"arn:aws:iam::{on.account}:oidc-provider/{wanted['Url'].removeprefix('https://')}"
        found = await self._found(on, arn) if on.resumed else None
        if found is not None and is_mine(on, found.get("Tags")):
            return arn
        answer = await on.call(
            "iam",
            "CreateOpenIDConnectProvider",
            Url=wanted["Url"],
            ClientIDList=wanted.get("ClientIdList"),
            ThumbprintList=wanted.get("ThumbprintList"),
            Tags=pairs(on.tags(wanted.get("Tags"))),
        )
        return str(answer["OpenIDConnectProviderArn"])

    async def _found(self, on: Provision, arn: str) -> Doc | None:
        return await on.look("iam", "GetOpenIDConnectProvider", ABSENT, OpenIDConnectProviderArn=arn)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self._found(on, physical_id)
        if found is None:
            return None
        url = found["Url"]
        return given(
            Arn=physical_id,
            Url=url if on.kept.get("Url", "https://").startswith("http://") else f"https://{url}",
            ClientIdList=in_order(on.kept.get("ClientIdList"), found["ClientIDList"]),
            ThumbprintList=in_order(on.kept.get("ThumbprintList"), found["ThumbprintList"]),
            Tags=own_tags(found.get("Tags")),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        provider = {"OpenIDConnectProviderArn": physical_id}
        if differs(old, new, "ThumbprintList"):
            if not new.get("ThumbprintList"):
                raise AwsError("ValidationError", "ThumbprintList cannot be taken away; give another list.")
            await on.call(
                "iam", "UpdateOpenIDConnectProviderThumbprint", ThumbprintList=new["ThumbprintList"], **provider
            )
        for client in missing_from(new.get("ClientIdList"), old.get("ClientIdList")):
            await on.call("iam", "AddClientIDToOpenIDConnectProvider", ClientID=client, **provider)
        for client in missing_from(old.get("ClientIdList"), new.get("ClientIdList")):
            await on.look("iam", "RemoveClientIDFromOpenIDConnectProvider", ABSENT, ClientID=client, **provider)
        await on.call("iam", "TagOpenIDConnectProvider", Tags=pairs(on.tags(new.get("Tags"))), **provider)
        gone = dropped_tags(on, old.get("Tags"), new.get("Tags"))
        if gone:
            await on.call("iam", "UntagOpenIDConnectProvider", TagKeys=gone, **provider)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("iam", "DeleteOpenIDConnectProvider", ABSENT, OpenIDConnectProviderArn=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        answer = await on.call("iam", "ListOpenIDConnectProviders")
        return [provider["Arn"] for provider in answer["OpenIDConnectProviderList"]]
