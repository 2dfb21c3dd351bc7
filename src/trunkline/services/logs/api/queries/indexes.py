"""Field indexes: PutIndexPolicy and its kin.

An index spares AWS reading events. Here it decides what filterIndex reads (groups that are indexed on the field); the
columnar files are read fast enough without a further index, so nothing else depends on it.
"""

from __future__ import annotations

import asyncio

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.logs.api.context import Context, group_resource
from trunkline.services.logs.model import LogGroup
from trunkline.services.logs.queries.model import IndexPolicy
from trunkline.services.logs.queries.selection import Selection, index_fields, index_policy
from trunkline.services.logs.queries.store import INDEXES


class Indexes(Context):
    @operation(group_resource)
    async def put_index_policy(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        self._standard_only(group, "PutIndexPolicy")
        fields, facets = index_fields(req["policyDocument"])
        policy = IndexPolicy(group.id, req["policyDocument"], fields, facets, self._now_ms())
        await self._queries.db.write(lambda tx: INDEXES.put(tx, policy))
        return {"indexPolicy": _described(group, policy)}

    @operation(group_resource)
    async def delete_index_policy(self, call: Call, req: Doc) -> Doc:
        group = self._group(call, req)
        if not await self._queries.db.write(lambda tx: INDEXES.delete(tx, group.id)):
            raise AwsError("ResourceNotFoundException", "The specified log group has no index policy.")
        return {}

    @operation(lambda call, req: [call.arn(f"log-group:{name}") for name in req["logGroupIdentifiers"]])
    async def describe_index_policies(self, call: Call, req: Doc) -> Doc:
        groups = Selection(self._store, call.account, call.region).named(req["logGroupIdentifiers"])
        found = [(group, index_policy(self._store, group)) for group in groups]
        return {"indexPolicies": [_described(group, policy) for group, policy in found if policy]}

    @operation(lambda call, req: [call.arn(f"log-group:{name}") for name in req["logGroupIdentifiers"]])
    async def describe_field_indexes(self, call: Call, req: Doc) -> Doc:
        found: list[Doc] = []
        for group in Selection(self._store, call.account, call.region).named(req["logGroupIdentifiers"]):
            policy = index_policy(self._store, group)
            if policy is not None:
                found += await asyncio.to_thread(self._indexes, group, policy)
        return {"fieldIndexes": found}

    def _indexes(self, group: LogGroup, policy: IndexPolicy) -> list[Doc]:
        """Times of events are those of all since the policy: every event is looked at when a query needs it."""
        stats = self._telemetry.stats(group.id).values()
        since = [one for one in stats if one.ingestion_ms >= policy.updated_ms]
        times: Doc = {"lastScanTime": self._now_ms()}
        if since:
            times["firstEventTime"] = min(one.first_ms for one in since)
            times["lastEventTime"] = max(one.last_ms for one in since)
        return [
            {
                "logGroupIdentifier": group.arn,
                "fieldIndexName": name,
                "type": "FACET" if name in policy.facets else "FIELD_INDEX",
                **times,
            }
            for name in policy.fields
        ]


def _described(group: LogGroup, policy: IndexPolicy) -> Doc:
    return {
        "logGroupIdentifier": group.arn,
        "lastUpdateTime": policy.updated_ms,
        "policyDocument": policy.document,
        "policyName": policy.account_policy or None,
        "source": "ACCOUNT" if policy.account_policy else "LOG_GROUP",
    }
