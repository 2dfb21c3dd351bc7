"""Who may do what below /v2/: docker's user AWS with a password from GetAuthorizationToken, and IAM's ecr: actions."""

import base64
import binascii

from trunkline.aws.policy import compiled
from trunkline.aws.service import Caller, Kit, Principal
from trunkline.engines.registry.errors import RegistryError
from trunkline.engines.registry.interface import Grant, Manifest, Parsed, Stored
from trunkline.services.ecr import store
from trunkline.services.ecr.images import Gone, Images, IsListed, TagIsFixed
from trunkline.services.ecr.tokens import Expired, Tokens

_ACTIONS = {
    "look": "BatchCheckLayerAvailability",
    "layer": "GetDownloadUrlForLayer",
    "image": "BatchGetImage",
    "list": "ListImages",
    "begin": "InitiateLayerUpload",
    "upload": "UploadLayerPart",
    "finish": "CompleteLayerUpload",
    "put": "PutImage",
    "delete": "BatchDeleteImage",
}
_PULL_NOTED_EVERY_S = 60


class EcrGate:
    """The registry's `Gate`."""

    def __init__(self, kit: Kit, images: Images, tokens: Tokens) -> None:
        self._kit = kit
        self._images = images
        self._tokens = tokens

    async def admit(self, headers: dict[str, str], client: str) -> Caller:
        """The caller of a request."""
        open_ = self._kit.settings.auth == "open"
        password = _password(headers.get("authorization", ""))
        if password is None and not open_:
            raise self._unauthorized("no basic auth credentials", headers)
        try:
            found = self._tokens.caller(password or "")
        except Expired as error:
            text = "Your authorization token has expired. Reauthenticate and try again."
            raise RegistryError("DENIED", text) from error
        if found is None and not open_:
            raise self._unauthorized("Not Authorized", headers)
        if found is None:
            settings = self._kit.settings
            root = Principal("root", f"arn:aws:iam::{settings.account}:root", settings.account, "root")
            found = Caller(settings.account, settings.region, root)
        agent = headers.get("user-agent", "")
        return Caller(found.account, found.region, found.principal, client, agent, found.access_key_id)

    async def open(self, who: object, name: str, action: str) -> Grant:
        """The repository, if the caller may."""
        assert isinstance(who, Caller)
        found = store.REPOSITORIES.get(self._kit.db, who.account, who.region, name)
        decision = self._kit.call.authorizer.decide(
            who,
            f"ecr:{_ACTIONS[action]}",
            (f"arn:aws:ecr:{who.region}:{who.account}:repository/{name}",),
            resource_policies=() if found is None or found.policy is None else (compiled(found.policy),),
        )
        if not decision.allowed:
            raise RegistryError("DENIED", decision.message)
        if found is None:
            text = f"The repository with name '{name}' does not exist in the registry with id '{who.account}'"
            raise RegistryError("NAME_UNKNOWN", text)
        return Grant(found.id, found)

    async def put(self, who: object, grant: Grant, parsed: Parsed, tag: str | None) -> Stored:
        """A pushed manifest."""
        try:
            return await self._images.put(grant.repository, parsed, tag)
        except TagIsFixed as error:
            raise RegistryError("TAG_INVALID", str(error)) from error
        except Gone as error:
            raise RegistryError("NAME_UNKNOWN", "the repository was deleted meanwhile") from error

    async def delete(self, who: object, grant: Grant, digest: str | None, tag: str | None) -> bool:
        """A deleted tag or image."""
        try:
            if digest is not None:
                return await self._images.delete(grant.repository, digest) is not None
            return await self._images.untag(grant.repository, tag or "", delete_last=False) is not None
        except IsListed as error:
            raise RegistryError("DENIED", str(error)) from error
        except Gone as error:
            raise RegistryError("NAME_UNKNOWN", "the repository was deleted meanwhile") from error

    async def pulled(self, who: object, grant: Grant, manifest: Manifest) -> None:
        """Note when an image was last pulled, to the minute: a fleet that pulls at once needs no write each."""
        now = self._kit.clock.now()
        if manifest.pulled_at is None or (now - manifest.pulled_at).total_seconds() >= _PULL_NOTED_EVERY_S:
            registry = self._images.registry
            await self._kit.db.write(lambda tx: registry.pulled(tx, grant.repository, manifest.digest, now))

    @staticmethod
    def _unauthorized(text: str, headers: dict[str, str]) -> RegistryError:
        challenge = f'Basic realm="http://{headers.get("host", "")}/",service="ecr.amazonaws.com"'
        return RegistryError("UNAUTHORIZED", text, headers=(("WWW-Authenticate", challenge),))


def _password(header: str) -> str | None:
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return password if colon and user == "AWS" else None
