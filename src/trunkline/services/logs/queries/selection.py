"""Which log groups a query reads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence

from trunkline.aws.errors import AwsError
from trunkline.services.logs.insights import MalformedQuery, tree
from trunkline.services.logs.model import LogGroup
from trunkline.services.logs.queries.model import MAX_INDEXED_FIELDS, MAX_SOURCE_GROUPS, IndexPolicy
from trunkline.services.logs.queries.store import INDEXES
from trunkline.services.logs.store import Store

DEFAULT_INDEXES = (
    "@logStream",
    "@aws.region",
    "@aws.account",
    "@source.log",
    "traceId",
    "severityText",
    "attributes.session.id",
)
"""Every group of the Standard class is indexed on these: CloudWatchLogs-Field-Indexing."""
_STANDARD_ONLY = {tree.Pattern: "pattern", tree.Diff: "diff", tree.Unmask: "unmask", tree.Anomaly: "anomaly"}
_ARN = re.compile(r"arn:[\w-]+:logs:([\w-]+):(\d{12}):log-group:([^:*]+)(:\*)?")


class Selection:
    """The log groups of one account and region."""

    def __init__(self, store: Store, account: str, region: str) -> None:
        self._store, self._account, self._region = store, account, region

    def named(self, names: Sequence[str]) -> list[LogGroup]:
        """Groups by name or ARN, each once."""
        found = {group.id: group for group in (self._one(name) for name in names)}
        return list(found.values())

    def _one(self, name: str) -> LogGroup:
        if not name.startswith("arn:"):
            return self._store.group(self._account, self._region, name)
        match = _ARN.fullmatch(name)
        if match is None:
            raise AwsError("InvalidParameterException", "The specified ARN is not that of a log group.")
        if match[1] != self._region or match[2] != self._account:
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
        return self._store.group(self._account, self._region, match[3])

    def of_source(self, source: tree.Source) -> list[LogGroup]:
        """The groups that a SOURCE command selects."""
        if source.names:
            return self.named(source.names)
        if source.accounts and self._account not in source.accounts:
            return []
        found = [
            group
            for group in self._store.groups(self._account, self._region)
            if group.log_class == source.log_class
            and (not source.prefixes or group.name.startswith(tuple(source.prefixes)))
        ]
        if len(found) > MAX_SOURCE_GROUPS:
            raise MalformedQuery(f"SOURCE selects more than {MAX_SOURCE_GROUPS} log groups: give a longer prefix")
        return found

    def indexed(self, groups: Sequence[LogGroup], query: tree.Query) -> list[LogGroup]:
        """Those of the groups that are indexed on every field that filterIndex names."""
        fields = {
            field
            for one in query.commands
            if isinstance(one, tree.Filter) and one.by_index
            for field in _names(one.condition)
        }
        return [group for group in groups if fields <= self._indexes(group)] if fields else list(groups)

    def _indexes(self, group: LogGroup) -> set[str]:
        policy = index_policy(self._store, group)
        return {*DEFAULT_INDEXES, *(policy.fields if policy else ())}


def index_policy(store: Store, group: LogGroup) -> IndexPolicy | None:
    """The group's own field index policy, or the account's that applies to it (then it has a name)."""
    own = INDEXES.get(store.db, group.id)
    account = None if own else store.account_policy(group, "FIELD_INDEX_POLICY")
    if account is None:
        return own
    fields, facets = index_fields(account.document)
    return IndexPolicy(group.id, account.document, fields, facets, account.updated_ms, account.name)


def index_fields(document: str) -> tuple[list[str], list[str]]:
    """The fields that a policy indexes, and which of them are facets."""
    try:
        policy = json.loads(document)
        plain, typed = policy.get("Fields", []), policy.get("FieldsV2", {})
        kinds = {name: options.get("type", "FIELD_INDEX") for name, options in typed.items()}
        is_right = isinstance(plain, list) and all(isinstance(name, str) and name for name in plain)
    except (ValueError, AttributeError, RecursionError):
        is_right, plain, kinds = False, [], {}
    if not is_right or not (plain or kinds) or not set(kinds.values()) <= {"FIELD_INDEX", "FACET"}:
        raise AwsError("InvalidParameterException", "The policy document is not a valid field index policy.")
    fields = list(dict.fromkeys([*plain, *kinds]))
    if len(fields) > MAX_INDEXED_FIELDS or any(len(name) > 100 for name in fields):
        message = f"A field index policy has at most {MAX_INDEXED_FIELDS} fields of at most 100 characters."
        raise AwsError("InvalidParameterException", message)
    return fields, [name for name, kind in kinds.items() if kind == "FACET"]


def check_classes(groups: Sequence[LogGroup], query: tree.Query) -> None:
    """Refuse commands that AWS does not have for groups of infrequent access."""
    if all(group.log_class == "STANDARD" for group in groups):
        return
    for command in query.commands:
        name = (
            "filterIndex"
            if isinstance(command, tree.Filter) and command.by_index
            else _STANDARD_ONLY.get(type(command))
        )
        if name:
            raise MalformedQuery(f"{name} is not supported for log groups of the Infrequent Access class")


def _names(condition: tree.Expression) -> Iterator[str]:
    walk: Callable[[tree.Expression], Iterator[str]] = _names
    match condition:
        case tree.Binary(operator="and" | "or", left=left, right=right):
            yield from walk(left)
            yield from walk(right)
        case tree.Binary(left=tree.Field() as field) | tree.In(value=tree.Field() as field):
            yield field.name
