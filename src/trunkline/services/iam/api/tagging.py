"""Tags of users, roles, policies and instance profiles."""

from collections.abc import Callable
from typing import Any

from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import merge, normalise, pairs
from trunkline.core.db import Reader, Table, Tx
from trunkline.services.iam import store, views
from trunkline.services.iam.api.part import POLICY, PROFILE, ROLE, USER, Part
from trunkline.services.iam.model import InstanceProfile, ManagedPolicy, MfaDevice, Role, SamlProvider, User

Tagged = User | Role | ManagedPolicy | InstanceProfile | MfaDevice | SamlProvider
_Find = Callable[[Reader, str, str], Tagged]

_KINDS: dict[str, tuple[str, _Find, Table[Any]]] = {
    "user": ("UserName", store.user, store.USERS),
    "role": ("RoleName", store.role, store.ROLES),
    "policy": ("PolicyArn", store.own_policy, store.POLICIES),
    "profile": ("InstanceProfileName", store.profile, store.PROFILES),
    "mfa": ("SerialNumber", store.mfa_device, store.MFA_DEVICES),
    "saml": ("SAMLProviderArn", store.saml_provider, store.SAML_PROVIDERS),
}


class TagOperations(Part):
    """TagUser and its like."""

    @operation(USER)
    async def tag_user(self, call: Call, req: Doc) -> None:
        await self._tag("user", call, req)

    @operation(USER)
    async def untag_user(self, call: Call, req: Doc) -> None:
        await self._untag("user", call, req)

    @operation(USER)
    async def list_user_tags(self, call: Call, req: Doc) -> Doc:
        return self._tags(store.user(self._db, call.account, req["UserName"]), req)

    @operation(ROLE)
    async def tag_role(self, call: Call, req: Doc) -> None:
        await self._tag("role", call, req)

    @operation(ROLE)
    async def untag_role(self, call: Call, req: Doc) -> None:
        await self._untag("role", call, req)

    @operation(ROLE)
    async def list_role_tags(self, call: Call, req: Doc) -> Doc:
        return self._tags(store.role(self._db, call.account, req["RoleName"]), req)

    @operation(POLICY)
    async def tag_policy(self, call: Call, req: Doc) -> None:
        await self._tag("policy", call, req)

    @operation(POLICY)
    async def untag_policy(self, call: Call, req: Doc) -> None:
        await self._untag("policy", call, req)

    @operation(POLICY)
    async def list_policy_tags(self, call: Call, req: Doc) -> Doc:
        return self._tags(store.policy(self._db, call.account, req["PolicyArn"]), req)

    @operation(PROFILE)
    async def tag_instance_profile(self, call: Call, req: Doc) -> None:
        await self._tag("profile", call, req)

    @operation(PROFILE)
    async def untag_instance_profile(self, call: Call, req: Doc) -> None:
        await self._untag("profile", call, req)

    @operation(PROFILE)
    async def list_instance_profile_tags(self, call: Call, req: Doc) -> Doc:
        return self._tags(store.profile(self._db, call.account, req["InstanceProfileName"]), req)

    @operation("{SerialNumber}")
    async def tag_mfa_device(self, call: Call, req: Doc) -> None:
        await self._tag("mfa", call, req)

    @operation("{SerialNumber}")
    async def untag_mfa_device(self, call: Call, req: Doc) -> None:
        await self._untag("mfa", call, req)

    @operation("{SerialNumber}")
    async def list_mfa_device_tags(self, call: Call, req: Doc) -> Doc:
        return self._tags(store.mfa_device(self._db, call.account, req["SerialNumber"]), req)

    @operation("{SAMLProviderArn}")
    async def tag_saml_provider(self, call: Call, req: Doc) -> None:
        await self._tag("saml", call, req)

    @operation("{SAMLProviderArn}")
    async def untag_saml_provider(self, call: Call, req: Doc) -> None:
        await self._untag("saml", call, req)

    @operation("{SAMLProviderArn}")
    async def list_saml_provider_tags(self, call: Call, req: Doc) -> Doc:
        return self._tags(store.saml_provider(self._db, call.account, req["SAMLProviderArn"]), req)

    async def _tag(self, kind: str, call: Call, req: Doc) -> None:
        member, find, table = _KINDS[kind]
        tags = normalise(req["Tags"], error="InvalidInput", too_many="LimitExceeded")

        def write(tx: Tx) -> None:
            item = find(tx, call.account, req[member])
            item.tags = merge(item.tags, tags, too_many="LimitExceeded")
            table.put(tx, item)

        await self._change(write)

    async def _untag(self, kind: str, call: Call, req: Doc) -> None:
        member, find, table = _KINDS[kind]

        def write(tx: Tx) -> None:
            item = find(tx, call.account, req[member])
            item.tags = {key: value for key, value in item.tags.items() if key not in req["TagKeys"]}
            table.put(tx, item)

        await self._change(write)

    @staticmethod
    def _tags(item: Tagged, req: Doc) -> Doc:
        return views.listed("Tags", pairs(item.tags), req, key=lambda t: t["Key"], show=lambda t: t)
