"""Groups and their members."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.iam import store, views
from trunkline.services.iam.api.part import GROUP, USER, Part
from trunkline.services.iam.model import QUOTA_GROUPS_PER_USER, Group, unique_id


class GroupOperations(Part):
    """CreateGroup and its like."""

    @operation(GROUP)
    async def create_group(self, call: Call, req: Doc) -> Doc:
        name, path = req["GroupName"], req.get("Path", "/")
        arn = f"arn:aws:iam::{call.account}:group{path}{name}"
        created = Group(call.account, name.lower(), name, path, unique_id("AGPA"), arn, self._clock.now())

        def write(tx: Tx) -> None:
            try:
                store.GROUPS.insert(tx, created)
            except AlreadyExists:
                raise AwsError("EntityAlreadyExists", f"Group with name {name} already exists.") from None

        await self._change(write)
        return {"Group": views.group(created)}

    @operation(GROUP)
    async def get_group(self, call: Call, req: Doc) -> Doc:
        item = store.group(self._db, call.account, req["GroupName"])
        users = store.members(self._db, call.account, item.key)
        page = views.listed("Users", users, req, key=lambda i: i.key, show=lambda i: views.user(i, brief=True))
        return {"Group": views.group(item), **page}

    @operation("arn:aws:iam::{account}:group/*")
    async def list_groups(self, call: Call, req: Doc) -> Doc:
        within = views.below(req.get("PathPrefix"))
        groups = [item for item in store.GROUPS.find(self._db, prefix=(call.account,)) if within(item.path)]
        return views.listed("Groups", groups, req, key=lambda i: i.key, show=views.group)

    @operation(GROUP)
    async def update_group(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = store.group(tx, call.account, req["GroupName"])
            old_key = item.key
            item.path = req.get("NewPath", item.path)
            item.name = req.get("NewGroupName", item.name)
            item.key = item.name.lower()
            item.arn = f"arn:aws:iam::{call.account}:group{item.path}{item.name}"
            if item.key != old_key:
                if store.GROUPS.get(tx, call.account, item.key) is not None:
                    raise AwsError("EntityAlreadyExists", f"Group with name {item.name} already exists.")
                for user in store.members(tx, call.account, old_key):
                    user.groups = [item.key if key == old_key else key for key in user.groups]
                    store.USERS.put(tx, user)
                store.GROUPS.delete(tx, call.account, old_key)
            store.GROUPS.put(tx, item)

        await self._change(write)

    @operation(GROUP)
    async def delete_group(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = store.group(tx, call.account, req["GroupName"])
            first = ""
            if store.members(tx, call.account, item.key):
                first = "remove users from group"
            elif item.attached:
                first = "detach all policies"
            elif item.inline:
                first = "delete policies"
            if first:
                raise AwsError("DeleteConflict", f"Cannot delete entity, must {first} first.")
            store.GROUPS.delete(tx, call.account, item.key)

        await self._change(write)

    @operation(GROUP)
    async def add_user_to_group(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = store.group(tx, call.account, req["GroupName"])
            user = store.user(tx, call.account, req["UserName"])
            if item.key in user.groups:
                return
            if len(user.groups) >= QUOTA_GROUPS_PER_USER:
                raise AwsError("LimitExceeded", f"Cannot exceed quota for GroupsPerUser: {QUOTA_GROUPS_PER_USER}")
            user.groups.append(item.key)
            store.USERS.put(tx, user)

        await self._change(write)

    @operation(GROUP)
    async def remove_user_from_group(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = store.group(tx, call.account, req["GroupName"])
            user = store.user(tx, call.account, req["UserName"])
            if item.key not in user.groups:
                raise AwsError("NoSuchEntity", f"User {user.name} not found in the group {item.name}.")
            user.groups.remove(item.key)
            store.USERS.put(tx, user)

        await self._change(write)

    @operation(USER)
    async def list_groups_for_user(self, call: Call, req: Doc) -> Doc:
        user = store.user(self._db, call.account, req["UserName"])
        found = (store.GROUPS.get(self._db, call.account, key) for key in user.groups)
        groups = [item for item in found if item is not None]
        return views.listed("Groups", groups, req, key=lambda i: i.key, show=views.group)
