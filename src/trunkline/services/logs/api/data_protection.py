"""The data protection policy of a log group."""

from __future__ import annotations

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.logs import protection
from trunkline.services.logs.api.context import Context, group_resource
from trunkline.services.logs.protection import store


class DataProtection(Context):
    @operation(group_resource)
    async def put_data_protection_policy(self, call: Call, req: Doc) -> Doc:
        group, text = self._group(call, req), req["policyDocument"]
        await self._check_findings_destination(call, protection.parse(text))
        now = self._now_ms()
        await self._store.write(lambda tx: store.change(tx, group.account, group.region, group.id, text, now))
        return {"logGroupIdentifier": req["logGroupIdentifier"], "policyDocument": text, "lastUpdatedTime": now}

    async def _check_findings_destination(self, call: Call, policy: protection.Policy) -> None:
        """A group or bucket that findings go to must be there."""
        if policy.log_group is not None:
            self._store.group(call.account, call.region, policy.log_group)
        if policy.bucket is not None:
            try:
                await self._kit.call("s3", "HeadBucket", {"Bucket": policy.bucket}, as_=call.caller)
            except AwsError as error:
                raise AwsError(
                    "InvalidParameterException", f"The bucket {policy.bucket} for audit findings cannot be used."
                ) from error

    @operation(group_resource)
    async def get_data_protection_policy(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        found = store.protection(self._store.db, group.account, group.region, group.id)
        if found.document is None:
            return {"logGroupIdentifier": req["logGroupIdentifier"]}
        return {
            "logGroupIdentifier": req["logGroupIdentifier"],
            "policyDocument": found.document,
            "lastUpdatedTime": found.updated_ms,
        }

    @operation(group_resource)
    async def delete_data_protection_policy(self, call: Call, req: Doc) -> Doc:
        group, now = self._group(call, req), self._now_ms()
        if store.protection(self._store.db, group.account, group.region, group.id).document is None:
            raise AwsError("ResourceNotFoundException", "The specified log group has no data protection policy.")
        await self._store.write(lambda tx: store.change(tx, group.account, group.region, group.id, None, now))
        return {}
