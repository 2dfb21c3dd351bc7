"""AWS::IAM::AccessKey. Ref gives the key's id; its secret is an attribute."""

from typing import ClassVar

from trunkline.aws.handlers import differs
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.core.db import Reader
from trunkline.services.iam import store
from trunkline.services.iam.resources.holders import ABSENT


class AccessKeyType(ResourceType):
    """A user's key.

    AWS's CloudFormation remembers the secret from the one answer that shows it; here it is looked up where IAM keeps it
    to check signatures, for a principal who may list the user's keys, so that no second copy lies with the stack.
    """

    name: ClassVar[str] = "AWS::IAM::AccessKey"
    honoured: ClassVar[frozenset[str]] = frozenset({"Serial", "Status", "UserName"})

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def create(self, on: Provision, wanted: Doc) -> str:
        user = wanted["UserName"]
        key_id = await self._made_before(on, user) if on.resumed else None
        if key_id is None:
            answer = await on.call("iam", "CreateAccessKey", UserName=user)
            key_id = str(answer["AccessKey"]["AccessKeyId"])
        if wanted.get("Status") == "Inactive":
            await on.call("iam", "UpdateAccessKey", UserName=user, AccessKeyId=key_id, Status="Inactive")
        return key_id

    async def _made_before(self, on: Provision, user: str) -> str | None:
        """The newest key, if it was never used: keys have neither names nor tags to know them by."""
        keys = await on.pages("iam", "ListAccessKeys", "AccessKeyMetadata", UserName=user)
        newest = max(keys, key=lambda key: key["CreateDate"], default=None)
        found = store.KEYS.get(self._reader, newest["AccessKeyId"]) if newest else None
        return found.access_key_id if found is not None and found.used is None else None

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = store.KEYS.get(self._reader, physical_id)
        holder = store.USERS.get(self._reader, found.account, found.user) if found else None
        if found is None or holder is None or found.account != on.account:
            return None
        await on.call("iam", "ListAccessKeys", UserName=holder.name)
        shown = {
            "Id": physical_id,
            "UserName": holder.name,
            "Status": "Active" if found.active else "Inactive",
            "SecretAccessKey": found.secret,
        }
        return {**shown, "Serial": on.kept["Serial"]} if "Serial" in on.kept else shown

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        if differs(old, new, "Status"):
            status = new.get("Status", "Active")
            await on.call("iam", "UpdateAccessKey", UserName=new["UserName"], AccessKeyId=physical_id, Status=status)

    async def delete(self, on: Provision, physical_id: str) -> None:
        found = store.KEYS.get(self._reader, physical_id)
        holder = store.USERS.get(self._reader, found.account, found.user) if found else None
        if holder is not None:
            await on.look("iam", "DeleteAccessKey", ABSENT, UserName=holder.name, AccessKeyId=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for user in await on.pages("iam", "ListUsers", "Users"):
            keys = await on.pages("iam", "ListAccessKeys", "AccessKeyMetadata", UserName=user["UserName"])
            found += [key["AccessKeyId"] for key in keys]
        return found
