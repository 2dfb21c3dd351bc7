"""Instance profiles."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.iam import store, views
from trunkline.services.iam.api.part import PROFILE, ROLE, Part
from trunkline.services.iam.model import InstanceProfile, unique_id


class InstanceProfileOperations(Part):
    """CreateInstanceProfile and its like."""

    @operation(PROFILE)
    async def create_instance_profile(self, call: Call, req: Doc) -> Doc:
        name, path = req["InstanceProfileName"], req.get("Path", "/")
        created = InstanceProfile(
            account=call.account,
            key=name.lower(),
            name=name,
            path=path,
            id=unique_id("AIPA"),
            arn=f"arn:aws:iam::{call.account}:instance-profile{path}{name}",
            created=self._clock.now(),
            tags=normalise(req.get("Tags"), error="InvalidInput", too_many="LimitExceeded"),
        )

        def write(tx: Tx) -> None:
            try:
                store.PROFILES.insert(tx, created)
            except AlreadyExists:
                raise AwsError("EntityAlreadyExists", f"Instance Profile {name} already exists.") from None

        await self._change(write)
        return {"InstanceProfile": self._profile(created)}

    def _profile(self, item: InstanceProfile) -> Doc:
        roles = (store.ROLES.get(self._db, item.account, key) for key in item.roles)
        return views.profile(item, [role for role in roles if role is not None])

    @operation(PROFILE)
    async def get_instance_profile(self, call: Call, req: Doc) -> Doc:
        return {"InstanceProfile": self._profile(store.profile(self._db, call.account, req["InstanceProfileName"]))}

    @operation("arn:aws:iam::{account}:instance-profile/*")
    async def list_instance_profiles(self, call: Call, req: Doc) -> Doc:
        within = views.below(req.get("PathPrefix"))
        found = [item for item in store.PROFILES.find(self._db, prefix=(call.account,)) if within(item.path)]
        return views.listed("InstanceProfiles", found, req, key=lambda i: i.key, show=self._profile)

    @operation(ROLE)
    async def list_instance_profiles_for_role(self, call: Call, req: Doc) -> Doc:
        role = store.role(self._db, call.account, req["RoleName"])
        found = [item for item in store.PROFILES.find(self._db, prefix=(call.account,)) if role.key in item.roles]
        return views.listed("InstanceProfiles", found, req, key=lambda i: i.key, show=self._profile)

    @operation(PROFILE)
    async def add_role_to_instance_profile(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = store.profile(tx, call.account, req["InstanceProfileName"])
            role = store.role(tx, call.account, req["RoleName"])
            if item.roles:
                raise AwsError("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
            item.roles.append(role.key)
            store.PROFILES.put(tx, item)

        await self._change(write)

    @operation(PROFILE)
    async def remove_role_from_instance_profile(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = store.profile(tx, call.account, req["InstanceProfileName"])
            role = store.role(tx, call.account, req["RoleName"])
            if role.key not in item.roles:
                raise AwsError("NoSuchEntity", f"Role {role.name} not found in the instance profile {item.name}.")
            item.roles.remove(role.key)
            store.PROFILES.put(tx, item)

        await self._change(write)

    @operation(PROFILE)
    async def delete_instance_profile(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = store.profile(tx, call.account, req["InstanceProfileName"])
            if item.roles:
                raise AwsError("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
            store.PROFILES.delete(tx, call.account, item.key)

        await self._change(write)
