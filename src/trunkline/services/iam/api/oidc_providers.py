"""OpenID Connect providers: kept with what roles' trust policies may name.

Trunkline itself exchanges no web identity tokens (sts:AssumeRoleWithWebIdentity is refused): a provider is here so that
stacks which set up federation for AWS deploy unchanged.
"""

import re

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import merge, normalise, pairs
from trunkline.core.db import AlreadyExists, Reader, Tx
from trunkline.services.iam import store, views
from trunkline.services.iam.api.part import Part
from trunkline.services.iam.model import OidcProvider

_PROVIDER = "{OpenIDConnectProviderArn}"
_URL = re.compile(r"https?://[A-Za-z0-9.:-]+(/[^?#]*)?")
_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}")
_MAX_CLIENTS = 100
_MAX_THUMBPRINTS = 5


class OidcProviderOperations(Part):
    """CreateOpenIDConnectProvider and its like."""

    @operation("arn:aws:iam::{account}:oidc-provider/*")
    async def create_open_id_connect_provider(self, call: Call, req: Doc) -> Doc:
        if not _URL.fullmatch(req["Url"]):
            raise AwsError("InvalidInput", "Invalid Open ID Connect Provider URL")
        url = req["Url"].partition("://")[2].rstrip("/")
        created = OidcProvider(
            account=call.account,
            arn=f"arn:aws:iam::{call.account}:oidc-provider/{url}",
            url=url,
            created=self._clock.now(),
            clients=list(dict.fromkeys(req.get("ClientIDList", ()))),
            thumbprints=_thumbprints(req.get("ThumbprintList", ())),
            tags=normalise(req.get("Tags"), error="InvalidInput", too_many="LimitExceeded"),
        )
        _check_clients(created)
        try:
            await self._db.write(lambda tx: store.OIDC_PROVIDERS.insert(tx, created))
        except AlreadyExists:
            raise AwsError("EntityAlreadyExists", f"Provider with url https://{url} already exists.") from None
        return {"OpenIDConnectProviderArn": created.arn, "Tags": pairs(created.tags)}

    @operation(_PROVIDER)
    async def get_open_id_connect_provider(self, call: Call, req: Doc) -> Doc:
        item = _provider(self._db, call, req)
        return {
            "Url": item.url,
            "ClientIDList": item.clients,
            "ThumbprintList": item.thumbprints,
            "CreateDate": item.created,
            "Tags": pairs(item.tags),
        }

    @operation()
    async def list_open_id_connect_providers(self, call: Call, req: Doc) -> Doc:
        found = store.OIDC_PROVIDERS.find(self._db, prefix=(call.account,))
        return {"OpenIDConnectProviderList": [{"Arn": item.arn} for item in found]}

    @operation(_PROVIDER)
    async def delete_open_id_connect_provider(self, call: Call, req: Doc) -> None:
        arn = req["OpenIDConnectProviderArn"]
        await self._db.write(lambda tx: store.OIDC_PROVIDERS.delete(tx, call.account, arn))

    @operation(_PROVIDER)
    async def update_open_id_connect_provider_thumbprint(self, call: Call, req: Doc) -> None:
        thumbprints = _thumbprints(req["ThumbprintList"])

        def write(tx: Tx) -> None:
            item = _provider(tx, call, req)
            item.thumbprints = thumbprints
            store.OIDC_PROVIDERS.put(tx, item)

        await self._db.write(write)

    @operation(_PROVIDER)
    async def add_client_id_to_open_id_connect_provider(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = _provider(tx, call, req)
            if req["ClientID"] not in item.clients:
                item.clients.append(req["ClientID"])
            _check_clients(item)
            store.OIDC_PROVIDERS.put(tx, item)

        await self._db.write(write)

    @operation(_PROVIDER)
    async def remove_client_id_from_open_id_connect_provider(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = _provider(tx, call, req)
            item.clients = [client for client in item.clients if client != req["ClientID"]]
            store.OIDC_PROVIDERS.put(tx, item)

        await self._db.write(write)

    @operation(_PROVIDER)
    async def tag_open_id_connect_provider(self, call: Call, req: Doc) -> None:
        tags = normalise(req["Tags"], error="InvalidInput", too_many="LimitExceeded")

        def write(tx: Tx) -> None:
            item = _provider(tx, call, req)
            item.tags = merge(item.tags, tags, too_many="LimitExceeded")
            store.OIDC_PROVIDERS.put(tx, item)

        await self._db.write(write)

    @operation(_PROVIDER)
    async def untag_open_id_connect_provider(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = _provider(tx, call, req)
            item.tags = {key: value for key, value in item.tags.items() if key not in req["TagKeys"]}
            store.OIDC_PROVIDERS.put(tx, item)

        await self._db.write(write)

    @operation(_PROVIDER)
    async def list_open_id_connect_provider_tags(self, call: Call, req: Doc) -> Doc:
        item = _provider(self._db, call, req)
        return views.listed("Tags", pairs(item.tags), req, key=lambda t: t["Key"], show=lambda t: t)


def _provider(reader: Reader, call: Call, req: Doc) -> OidcProvider:
    arn = req["OpenIDConnectProviderArn"]
    found = store.OIDC_PROVIDERS.get(reader, call.account, arn)
    if found is None:
        raise AwsError("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}")
    return found


def _thumbprints(given: list[str]) -> list[str]:
    if len(given) > _MAX_THUMBPRINTS:
        raise AwsError("InvalidInput", f"Thumbprint list must contain fewer than {_MAX_THUMBPRINTS} entries.")
    if not all(_THUMBPRINT.fullmatch(one) for one in given):
        raise AwsError("InvalidInput", "Thumbprint must be 40 hexadecimal digits.")
    return list(given)


def _check_clients(item: OidcProvider) -> None:
    if len(item.clients) > _MAX_CLIENTS:
        raise AwsError("LimitExceeded", f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {_MAX_CLIENTS}")
