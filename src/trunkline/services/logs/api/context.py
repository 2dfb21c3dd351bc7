"""What every operation of the service works with, and how requests name a log group."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, Kit
from trunkline.engines import Engines
from trunkline.services.logs.intake import Intake
from trunkline.services.logs.live_tail import LiveTail
from trunkline.services.logs.model import MAX_REGEX_FILTERS, LogGroup, MetricFilter, SubscriptionFilter
from trunkline.services.logs.pattern import has_regex
from trunkline.services.logs.queries import Queries
from trunkline.services.logs.store import Store

DEFAULT_PAGE = 50


class Context:
    def __init__(
        self, kit: Kit, store: Store, engines: Engines, intake: Intake, live_tail: LiveTail, queries: Queries
    ) -> None:
        self._kit = kit
        self._store = store
        self._telemetry = engines.telemetry
        self._workflows = engines.workflows
        self._intake = intake
        self._live_tail = live_tail
        self._queries = queries

    def _now_ms(self) -> int:
        return int(self._kit.clock.time() * 1000)

    def _group(self, call: Call, req: Doc) -> LogGroup:
        """The group that logGroupName or logGroupIdentifier names."""
        identifier = req.get("logGroupIdentifier", "")
        if identifier.startswith("arn:") and not identifier.startswith(call.arn("log-group:")):
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
        return self._store.group(call.account, call.region, group_name(req))

    def _visible(self, call: Call, group: LogGroup, req: Doc) -> Callable[[str, int | None], str] | None:
        """What a message, ingested at some time, looks like to the caller; None when nothing is hidden from it.

        `unmask` in the request wants all of it, which takes a permission of its own.
        """
        if req.get("unmask"):
            self._kit.call.authorizer.authorize(
                call.caller, "logs:Unmask", [f"{group.arn}:*"], protocol="json", resource_account=group.account
            )
            return None
        masks = self._store.masks(group)
        return masks.mask if masks else None

    def _check_regexes(self, group: LogGroup, name: str, pattern: str) -> None:
        """A group can have five filters, of either sort, with regular expressions."""
        there: list[MetricFilter | SubscriptionFilter] = [
            *self._store.filters(group),
            *self._store.subscriptions(group),
        ]
        others = [one for one in there if one.name != name and has_regex(one.pattern)]
        if has_regex(pattern) and len(others) >= MAX_REGEX_FILTERS:
            raise AwsError("LimitExceededException", "Resource limit exceeded.")

    def _standard_only(self, group: LogGroup, operation: str) -> None:
        """Refuse what AWS does not do for log groups of the class INFREQUENT_ACCESS."""
        if group.log_class != "STANDARD":
            raise AwsError(
                "InvalidOperationException",
                f"The log group {group.name} is of log-group-class {group.log_class}."
                f" {operation} is not supported for this log class.",
                status=400,
            )


def group_name(req: Doc) -> str:
    name, identifier = req.get("logGroupName"), req.get("logGroupIdentifier")
    if (name is None) == (identifier is None):
        raise AwsError(
            "InvalidParameterException",
            "Exactly one of the parameters logGroupName and logGroupIdentifier must be specified.",
        )
    if name is not None:
        return str(name)
    return name_in_arn(str(identifier)) if str(identifier).startswith("arn:") else str(identifier)


def name_in_arn(text: str) -> str:
    """The group's name in its ARN, with or without the trailing :*."""
    parts = text.split(":", 7)
    if len(parts) < 7 or parts[2] != "logs" or parts[5] != "log-group" or (len(parts) == 8 and parts[7] != "*"):
        raise AwsError("InvalidParameterException", "The specified ARN is not that of a log group.")
    return parts[6]


def group_resource(call: Call, req: Doc) -> str:
    """AWS asks policies about a group under this form, as its access-denied messages show."""
    name = req.get("logGroupName") or req.get("logGroupIdentifier") or "*"
    if name.startswith("arn:"):
        name = name.split(":", 7)[6] if name.count(":") >= 6 else "*"
    return call.arn(f"log-group:{name}:log-stream:{req.get('logStreamName', '')}")
