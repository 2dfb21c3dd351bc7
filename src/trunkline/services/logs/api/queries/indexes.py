"""Field indexes: PutIndexPolicy and its kin.

An index spares AWS reading events. Here it decides what filterIndex reads (groups that are indexed on the field); the
columnar files are read fast enough without a further index, so nothing else depends on it.
"""

from __future__ import annotations

import asyncio
import json

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.logs.api.context import Context, group_resource
from trunkline.services.logs.model import LogGroup
from trunkline.services.logs.queries.model import MAX_INDEXED_FIELDS, IndexPolicy
from trunkline.services.logs.queries.selection import Selection
from trunkline.services.logs.queries.store import INDEXES

_TYPES = ("FIELD_INDEX", "FACET")


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
        found = [self._index_policy(group) for group in groups]
        return {"indexPolicies": [one for one in found if one]}

    def _index_policy(self, group: LogGroup) -> Doc | None:
        """The group's own policy, or the account's that stands in for it."""
        own = INDEXES.get(self._queries.db, group.id)
        if own is not None:
            return _described(group, own)
        account = self._store.account_policy(group, "FIELD_INDEX_POLICY")
        if account is None:
            return None
        return {
            "logGroupIdentifier": group.arn,
            "lastUpdateTime": account.updated_ms,
            "policyDocument": account.document,
            "policyName": account.name,
            "source": "ACCOUNT",
        }

    @operation(lambda call, req: [call.arn(f"log-group:{name}") for name in req["logGroupIdentifiers"]])
    async def describe_field_indexes(self, call: Call, req: Doc) -> Doc:
        found: list[Doc] = []
        for group in Selection(self._store, call.account, call.region).named(req["logGroupIdentifiers"]):
            policy = INDEXES.get(self._queries.db, group.id)
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


def index_fields(document: str) -> tuple[list[str], list[str]]:
    """The fields that a policy indexes, and which of them are facets."""
    try:
        policy = json.loads(document)
        plain, typed = policy.get("Fields", []), policy.get("FieldsV2", {})
        kinds = {name: options.get("type", "FIELD_INDEX") for name, options in typed.items()}
        is_right = isinstance(plain, list) and all(isinstance(name, str) and name for name in plain)
    except (ValueError, AttributeError, RecursionError):
        is_right, plain, kinds = False, [], {}
    if not is_right or not (plain or kinds) or not set(kinds.values()) <= set(_TYPES):
        raise AwsError("InvalidParameterException", "The policy document is not a valid field index policy.")
    fields = list(dict.fromkeys([*plain, *kinds]))
    if len(fields) > MAX_INDEXED_FIELDS or any(len(name) > 100 for name in fields):
        message = f"A field index policy has at most {MAX_INDEXED_FIELDS} fields of at most 100 characters."
        raise AwsError("InvalidParameterException", message)
    return fields, [name for name, kind in kinds.items() if kind == "FACET"]


def _described(group: LogGroup, policy: IndexPolicy) -> Doc:
    return {
        "logGroupIdentifier": group.arn,
        "lastUpdateTime": policy.updated_ms,
        "policyDocument": policy.document,
        "source": "LOG_GROUP",
    }
