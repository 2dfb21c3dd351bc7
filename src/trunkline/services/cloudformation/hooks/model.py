"""A hook, to whom it applies, and what came of asking it. Pure."""

import fnmatch
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Doc = dict[str, Any]
FAILED = "HOOK_COMPLETE_FAILED"


@dataclass(slots=True)
class Hook:
    account: str
    region: str
    alias: str
    arn: str
    stack_id: str
    config: Doc = field(default_factory=dict)

    @property
    def warns(self) -> bool:
        return self.config.get("FailureMode") == "WARN"

    def applies(self, target: str, action: str, type: str, stack_name: str, role: str) -> bool:
        """target: RESOURCE, STACK or CHANGE_SET. action: CREATE, UPDATE or DELETE."""
        config = self.config
        if config.get("HookStatus", "ENABLED") != "ENABLED" or target not in config.get("TargetOperations", ()):
            return False
        filters = config.get("TargetFilters") or {}
        if filters.get("Actions") and action not in filters["Actions"]:
            return False
        names = filters.get("TargetNames") if target == "RESOURCE" else None
        if names and not any(fnmatch.fnmatchcase(type, name) for name in names):
            return False
        listed = [
            (one.get("TargetName"), one.get("Action")) for one in filters.get("Targets") or () if target == "RESOURCE"
        ]
        if listed and not any(name in (None, type) and act in (None, action) for name, act in listed):
            return False
        return _passes(config.get("StackFilters") or {}, stack_name, role)


def _passes(filters: Doc, stack_name: str, role: str) -> bool:
    checks = [
        _named(filters[key], value)
        for key, value in (("StackNames", stack_name), ("StackRoles", role))
        if filters.get(key)
    ]
    if not checks:
        return True
    return any(checks) if filters.get("FilteringCriteria") == "ANY" else all(checks)


def _named(one: Doc, value: str) -> bool:
    if value in (one.get("Exclude") or ()):
        return False
    return not one.get("Include") or value in one["Include"]


@dataclass(slots=True)
class HookResult:
    """One asking. target_id: the stack or change set it was for."""

    account: str
    region: str
    id: str
    alias: str
    arn: str
    target_type: str
    target_name: str
    target_id: str
    logical_id: str
    action: str
    at: datetime
    status: str
    reason: str = ""
    mode: str = "FAIL"
