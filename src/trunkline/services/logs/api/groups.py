"""Log groups: create, retain, protect, encrypt, delete."""

from __future__ import annotations

from trunkline.aws import tags
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.services.logs.api.context import Context, group_resource
from trunkline.services.logs.model import RETENTION_DAYS, LogGroup


class Groups(Context):
    @operation(group_resource)
    async def create_log_group(self, call: Call, req: Doc) -> Doc:
        name = req["logGroupName"]
        if name.startswith("aws/") and call.caller.principal.kind != "service":
            raise AwsError("InvalidParameterException", "Log groups starting with 'aws/' are reserved for AWS.")
        if req.get("logGroupClass") == "DELIVERY":
            raise Refused("Trunkline has no log groups of the class DELIVERY: use STANDARD.")
        if "kmsKeyId" in req:
            await self._check_key(call, req["kmsKeyId"])
        group = LogGroup(
            call.account,
            call.region,
            name,
            ids.hex_id(16),
            self._now_ms(),
            kms_key_id=req.get("kmsKeyId"),
            log_class=req.get("logGroupClass", "STANDARD"),
            deletion_protection=req.get("deletionProtectionEnabled", False),
            tags=tags.normalise(req.get("tags"), error="InvalidParameterException"),
        )
        await self._store.add_group(group)
        return {}

    async def _check_key(self, call: Call, key_id: str) -> None:
        try:
            key = (await self._kit.call("kms", "DescribeKey", {"KeyId": key_id}, as_=call.caller))["KeyMetadata"]
        except AwsError as error:
            raise AwsError("InvalidParameterException", f"The specified KMS key {key_id} cannot be used.") from error
        if not key["Enabled"] or key["KeySpec"] != "SYMMETRIC_DEFAULT":
            raise AwsError("InvalidParameterException", f"The specified KMS key {key_id} cannot be used.")

    def _of_key(self, call: Call, req: Doc) -> LogGroup:
        """The group that a key is for: by its name, or by its ARN."""
        if ("logGroupName" in req) == ("resourceIdentifier" in req):
            raise AwsError("InvalidParameterException", "Give either logGroupName or resourceIdentifier.")
        return self._group(call, req if "logGroupName" in req else {"logGroupIdentifier": req["resourceIdentifier"]})

    @operation(group_resource)
    async def associate_kms_key(self, call: Call, req: Doc) -> Doc:
        group = self._of_key(call, req)
        await self._check_key(call, req["kmsKeyId"])

        def change(group: LogGroup) -> None:
            group.kms_key_id = req["kmsKeyId"]

        await self._store.change_group(group, change)
        return {}

    @operation(group_resource)
    async def disassociate_kms_key(self, call: Call, req: Doc) -> Doc:
        group = self._of_key(call, req)

        def change(group: LogGroup) -> None:
            group.kms_key_id = None

        await self._store.change_group(group, change)
        return {}

    @operation(group_resource)
    async def delete_log_group(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        if group.deletion_protection:
            raise AwsError("ValidationException", "The log group has deletion protection enabled: disable it first.")
        # In this order: killed in between, an empty group is left to delete again, and not events without a group.
        await self._telemetry.delete_group(group.id)
        await self._store.delete_group(group)
        return {}

    @operation(group_resource)
    async def put_log_group_deletion_protection(self, call: Call, req: Doc) -> Doc:
        enabled = req["deletionProtectionEnabled"]

        def change(group: LogGroup) -> None:
            group.deletion_protection = enabled

        await self._store.change_group(self._group(call, req), change)
        return {}

    @operation(group_resource)
    async def put_retention_policy(self, call: Call, req: Doc) -> Doc:
        days = req["retentionInDays"]
        if days not in RETENTION_DAYS:
            allowed = ", ".join(map(str, sorted(RETENTION_DAYS)))
            raise AwsError("InvalidParameterException", f"Invalid retentionInDays {days}: must be one of {allowed}.")

        def change(group: LogGroup) -> None:
            group.retention_days = days

        await self._store.change_group(self._group(call, req), change)
        return {}

    @operation(group_resource)
    async def delete_retention_policy(self, call: Call, req: Doc) -> Doc:
        def change(group: LogGroup) -> None:
            group.retention_days = None

        await self._store.change_group(self._group(call, req), change)
        return {}
