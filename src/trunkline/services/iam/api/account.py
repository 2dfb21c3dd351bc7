"""The account: aliases and counts; and what Trunkline has none of, answered truthfully."""

import re

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.iam import model, store
from trunkline.services.iam.api.part import USER, Part

_ALIAS = re.compile(r"[a-z0-9]([a-z0-9-]{1,61})[a-z0-9]")


class AccountOperations(Part):
    """CreateAccountAlias, GetAccountSummary and others."""

    @operation()
    async def create_account_alias(self, call: Call, req: Doc) -> None:
        alias = req["AccountAlias"]
        if not _ALIAS.fullmatch(alias) or "--" in alias:
            raise AwsError(
                "ValidationError",
                "The specified value for accountAlias is invalid. It must contain only digits, "
                "lowercase letters, and hyphens (-), but cannot begin or end with a hyphen",
                status=400,
            )

        def write(tx: Tx) -> None:
            if store.ALIASES.find(tx, alias=alias):
                raise AwsError("EntityAlreadyExists", f"The account alias {alias} already exists.")
            store.ALIASES.put(tx, model.Alias(call.account, alias))

        await self._change(write)

    @operation()
    async def delete_account_alias(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            found = store.ALIASES.get(tx, call.account)
            if found is None or found.alias != req["AccountAlias"]:
                raise AwsError("NoSuchEntity", f"The account alias {req['AccountAlias']} cannot be found.")
            store.ALIASES.delete(tx, call.account)

        await self._change(write)

    @operation()
    async def list_account_aliases(self, call: Call, req: Doc) -> Doc:
        found = store.ALIASES.get(self._db, call.account)
        return {"AccountAliases": [found.alias] if found else [], "IsTruncated": False}

    @operation()
    async def get_account_summary(self, call: Call, req: Doc) -> Doc:
        prefix = (call.account,)
        own_policies = store.POLICIES.find(self._db, prefix=prefix)
        devices = store.MFA_DEVICES.find(self._db, prefix=prefix)
        oidc, saml = (
            store.OIDC_PROVIDERS.find(self._db, prefix=prefix),
            store.SAML_PROVIDERS.find(self._db, prefix=prefix),
        )
        is_home = call.account == self._settings.account
        summary = {
            "Users": len(store.USERS.find(self._db, prefix=prefix)),
            "Groups": len(store.GROUPS.find(self._db, prefix=prefix)),
            "Roles": len(store.ROLES.find(self._db, prefix=prefix)),
            "Policies": len(own_policies),
            "PolicyVersionsInUse": sum(len(policy.versions) for policy in own_policies),
            "InstanceProfiles": len(store.PROFILES.find(self._db, prefix=prefix)),
            "AccountAccessKeysPresent": int(is_home and bool(self._settings.root_access_key_id)),
            "MFADevices": len(devices),
            "MFADevicesInUse": sum(bool(device.user) for device in devices),
            "AccountMFAEnabled": 0,
            "AccountPasswordPresent": 0,
            "AccountSigningCertificatesPresent": 0,
            "Providers": len(oidc) + len(saml),
            "ServerCertificates": 0,
            "AccessKeysPerUserQuota": model.QUOTA_KEYS_PER_USER,
            "GroupsPerUserQuota": model.QUOTA_GROUPS_PER_USER,
            "AttachedPoliciesPerUserQuota": model.QUOTA_ATTACHED,
            "AttachedPoliciesPerGroupQuota": model.QUOTA_ATTACHED,
            "AttachedPoliciesPerRoleQuota": model.QUOTA_ATTACHED,
            "VersionsPerPolicyQuota": model.QUOTA_POLICY_VERSIONS,
            "PolicySizeQuota": model.MANAGED_POLICY_BYTES,
            "AssumeRolePolicySizeQuota": model.TRUST_POLICY_BYTES,
            "UserPolicySizeQuota": model.INLINE_POLICY_BYTES["user"],
            "GroupPolicySizeQuota": model.INLINE_POLICY_BYTES["group"],
            "RolePolicySizeQuota": model.INLINE_POLICY_BYTES["role"],
        }
        return {"SummaryMap": summary}

    @operation(USER)
    async def list_ssh_public_keys(self, call: Call, req: Doc) -> Doc:
        return {"SSHPublicKeys": [], "IsTruncated": False}

    @operation(USER)
    async def list_signing_certificates(self, call: Call, req: Doc) -> Doc:
        return {"Certificates": [], "IsTruncated": False}
