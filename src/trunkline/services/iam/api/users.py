"""Users."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.iam import store, views
from trunkline.services.iam.api.part import USER, Part, user_name
from trunkline.services.iam.model import User, unique_id


class UserOperations(Part):
    """CreateUser and its like."""

    @operation(USER)
    async def create_user(self, call: Call, req: Doc) -> Doc:
        name, path = req["UserName"], req.get("Path", "/")
        created = User(
            account=call.account,
            key=name.lower(),
            name=name,
            path=path,
            id=unique_id("AIDA"),
            arn=f"arn:aws:iam::{call.account}:user{path}{name}",
            created=self._clock.now(),
            boundary=req.get("PermissionsBoundary", ""),
            tags=normalise(req.get("Tags"), error="InvalidInput", too_many="LimitExceeded"),
        )

        def write(tx: Tx) -> None:
            check_boundary(tx, call.account, created.boundary)
            try:
                store.USERS.insert(tx, created)
            except AlreadyExists:
                raise AwsError("EntityAlreadyExists", f"User with name {name} already exists.") from None

        await self._change(write)
        return {"User": views.user(created)}

    @operation(USER)
    async def get_user(self, call: Call, req: Doc) -> Doc:
        principal = call.caller.principal
        if "UserName" not in req and principal.kind == "root":
            return {
                "User": {"UserId": call.account, "Arn": principal.arn, "CreateDate": self._clock.now(), "Path": "/"}
            }
        return {"User": views.user(store.user(self._db, call.account, user_name(call, req)))}

    @operation("arn:aws:iam::{account}:user/*")
    async def list_users(self, call: Call, req: Doc) -> Doc:
        within = views.below(req.get("PathPrefix"))
        users = [item for item in store.USERS.find(self._db, prefix=(call.account,)) if within(item.path)]
        return views.listed("Users", users, req, key=lambda i: i.key, show=lambda i: views.user(i, brief=True))

    @operation(USER)
    async def update_user(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = store.user(tx, call.account, req["UserName"])
            old_key = item.key
            item.path = req.get("NewPath", item.path)
            item.name = req.get("NewUserName", item.name)
            item.key = item.name.lower()
            item.arn = f"arn:aws:iam::{call.account}:user{item.path}{item.name}"
            if item.key != old_key:
                if store.USERS.get(tx, call.account, item.key) is not None:
                    raise AwsError("EntityAlreadyExists", f"User with name {item.name} already exists.")
                _follow_name(tx, call.account, old_key, item.key)
                store.USERS.delete(tx, call.account, old_key)
            store.USERS.put(tx, item)

        await self._change(write)

    @operation(USER)
    async def delete_user(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = store.user(tx, call.account, req["UserName"])
            first = _in_the_way(tx, item)
            if first:
                raise AwsError("DeleteConflict", f"Cannot delete entity, must {first} first.")
            store.USERS.delete(tx, call.account, item.key)

        await self._change(write)

    @operation(USER)
    async def put_user_permissions_boundary(self, call: Call, req: Doc) -> None:
        await self._set_user_boundary(call, req["UserName"], req["PermissionsBoundary"])

    @operation(USER)
    async def delete_user_permissions_boundary(self, call: Call, req: Doc) -> None:
        await self._set_user_boundary(call, req["UserName"], "")

    async def _set_user_boundary(self, call: Call, name: str, arn: str) -> None:
        def write(tx: Tx) -> None:
            item = store.user(tx, call.account, name)
            check_boundary(tx, call.account, arn)
            item.boundary = arn
            store.USERS.put(tx, item)

        await self._change(write)


def check_boundary(tx: Tx, account: str, arn: str) -> None:
    """A boundary must be a managed policy that exists."""
    if arn and store.policy_or_none(tx, account, arn) is None:
        raise AwsError("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.")


def _follow_name(tx: Tx, account: str, old_key: str, new_key: str) -> None:
    for access_key in store.keys_of(tx, account, old_key):
        access_key.user = new_key
        store.KEYS.put(tx, access_key)
    for credential in store.credentials_of(tx, account, old_key):
        credential.user = new_key
        store.CREDENTIALS.put(tx, credential)
    for device in store.mfa_devices_of(tx, account, old_key):
        device.user = new_key
        store.MFA_DEVICES.put(tx, device)
    login = store.LOGINS.get(tx, account, old_key)
    if login is not None:
        store.LOGINS.delete(tx, account, old_key)
        login.user = new_key
        store.LOGINS.put(tx, login)


def _in_the_way(tx: Tx, item: User) -> str:
    if store.LOGINS.get(tx, item.account, item.key):
        return "delete login profile"
    if store.mfa_devices_of(tx, item.account, item.key):
        return "deactivate MFA device"
    if store.keys_of(tx, item.account, item.key):
        return "delete access keys"
    if store.credentials_of(tx, item.account, item.key):
        return "delete service specific credentials"
    if item.attached:
        return "detach all policies"
    if item.inline:
        return "delete policies"
    return "remove users from group" if item.groups else ""
