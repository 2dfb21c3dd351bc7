"""Finding log groups by their names, classes and tags: DescribeLogGroups and ListLogGroups."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.aws import paging
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.logs.api.context import DEFAULT_PAGE, Context, name_in_arn
from trunkline.services.logs.model import LogGroup
from trunkline.services.logs.protection import store as protection


class GroupLists(Context):
    @operation(lambda call, req: call.arn("log-group::log-stream:"))
    async def describe_log_groups(self, call: Call, req: Doc) -> Doc:
        prefix, part = req.get("logGroupNamePrefix"), req.get("logGroupNamePattern")
        if prefix is not None and part is not None:
            raise AwsError(
                "InvalidParameterException",
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
            )
        identifiers = req.get("logGroupIdentifiers")
        if identifiers and {"logGroupNamePrefix", "logGroupNamePattern", "logGroupClass"} & req.keys():
            raise AwsError(
                "InvalidParameterException",
                "logGroupIdentifiers cannot be combined with other filters than includeLinkedAccounts.",
            )
        names = [name_in_arn(n) if n.startswith("arn:") else n for n in identifiers or ()]
        found = [
            group
            for group in self._of_accounts(call, req, prefix or "")
            if (part is None or part in group.name)
            and (not names or group.name in names)
            and req.get("logGroupClass", group.log_class) == group.log_class
        ]
        shown, token = _page(found, req)
        return {"logGroups": [self._described(group) for group in shown], "nextToken": token}

    def _described(self, group: LogGroup) -> Doc:
        return {
            "logGroupName": group.name,
            "creationTime": group.created_ms,
            "retentionInDays": group.retention_days,
            "metricFilterCount": len(self._store.filters(group)),
            "arn": f"{group.arn}:*",
            "logGroupArn": group.arn,
            "storedBytes": sum(stats.size_bytes for stats in self._telemetry.stats(group.id).values()),
            "kmsKeyId": group.kms_key_id,
            **self._protection(group),
            "logGroupClass": group.log_class,
            "deletionProtectionEnabled": group.deletion_protection,
        }

    def _protection(self, group: LogGroup) -> Doc:
        found: Doc = {}
        for one in protection.of_group(self._store.db, group):
            if one.scope == group.id:
                found["dataProtectionStatus"] = "DELETED" if one.document is None else "ACTIVATED"
            elif one.document is not None:
                found["inheritedProperties"] = ["ACCOUNT_DATA_PROTECTION"]
        return found

    @operation()
    async def list_log_groups(self, call: Call, req: Doc) -> Doc:
        for member in ("dataSources", "fieldIndexNames"):
            if req.get(member):
                raise Refused(f"Trunkline does not support {member} in ListLogGroups: leave it out.")
        named = _named(req.get("logGroupNamePattern"))
        found = [
            group
            for group in self._of_accounts(call, req)
            if named(group.name)
            and req.get("logGroupClass", group.log_class) == group.log_class
            and all(_tagged(group, wanted) for wanted in req.get("logGroupTags", ()))
        ]
        shown, token = _page(found, req)
        return {
            "logGroups": [
                {"logGroupName": group.name, "logGroupArn": group.arn, "logGroupClass": group.log_class}
                for group in shown
            ],
            "nextToken": token,
        }

    def _of_accounts(self, call: Call, req: Doc, prefix: str = "") -> list[LogGroup]:
        """The groups of the accounts asked for: there is no monitoring account, so that is the caller's or none."""
        wanted = req.get("accountIdentifiers", [])
        if wanted and not req.get("includeLinkedAccounts"):
            raise AwsError(
                "InvalidParameterException", "accountIdentifiers can be given only when includeLinkedAccounts is true."
            )
        if wanted and call.account not in wanted:
            return []
        return self._store.groups(call.account, call.region, prefix)


def _page(groups: list[LogGroup], req: Doc) -> tuple[list[LogGroup], str | None]:
    return paging.page(
        groups,
        req.get("limit", DEFAULT_PAGE),
        req.get("nextToken"),
        key=lambda group: group.name,
        error="InvalidParameterException",
    )


def _named(pattern: str | None) -> Callable[[str], bool]:
    """`^prefix` and substrings, divided by |."""
    if pattern is None:
        return lambda name: True
    pieces = pattern.split("|")
    prefixes = tuple(piece[1:] for piece in pieces if piece.startswith("^"))
    parts = [piece for piece in pieces if not piece.startswith("^")]
    return lambda name: name.startswith(prefixes) or any(part in name for part in parts)


def _tagged(group: LogGroup, wanted: Doc) -> bool:
    """Whether a tag has one of the values: `prod*`, `*prod*`, or `!dev`, which excludes."""
    value = group.tags.get(wanted["key"])
    values = wanted.get("values", [])
    if value is None:
        return False
    chosen = [one for one in values if not one.startswith("!")]
    excluded = [one[1:] for one in values if one.startswith("!")]
    return (not chosen or any(_like(value, one) for one in chosen)) and not any(_like(value, one) for one in excluded)


def _like(value: str, pattern: str) -> bool:
    core = pattern.strip("*")
    if pattern.startswith("*") and pattern.endswith("*"):
        return core in value
    if pattern.startswith("*"):
        return value.endswith(core)
    return value.startswith(core) if pattern.endswith("*") else value == core
