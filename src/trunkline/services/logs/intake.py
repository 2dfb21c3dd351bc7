"""What becomes of a batch of events beyond being stored: metrics, live tails, subscriptions.

They are given the events as everybody may see them, masked; only embedded metrics come from what was really put.

For a group that has none of these, an accepted batch costs two counters and a search for a few characters.
"""

from __future__ import annotations

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core.log import get
from trunkline.services.logs import embedded_metrics, metric_filters
from trunkline.services.logs.forwarding import Forwarding
from trunkline.services.logs.live_tail import LiveTail
from trunkline.services.logs.model import LogGroup
from trunkline.services.logs.own_metrics import OwnMetrics
from trunkline.services.logs.protection import Policy, audit
from trunkline.services.logs.store import Target
from trunkline.services.logs.subscription_filters import select
from trunkline.services.logs.transform import Metadata

log = get(__name__)

_METRICS_AT_ONCE = 1000


class Intake:
    def __init__(self, kit: Kit, live_tail: LiveTail, own_metrics: OwnMetrics, forwarding: Forwarding) -> None:
        self._kit = kit
        self._live_tail = live_tail
        self._own = own_metrics
        self._forwarding = forwarding

    async def accepted(
        self, target: Target, times_ms: list[int], messages: list[str], now_ms: int, size_bytes: int, *, marked: bool
    ) -> None:
        """Act on a stored batch. `marked`: embedded metrics may be in it."""
        group = target.group
        self._own.add(group, "IncomingLogEvents", len(messages))
        self._own.add(group, "IncomingBytes", size_bytes)
        if marked:
            await self._put_embedded(group, messages, now_ms)
        shown = messages
        if target.masks:
            shown = [target.masks.mask(message, now_ms) for message in messages]
            for policy in target.audits:
                await self._audit(policy, group, messages, now_ms)
        self._live_tail.publish(group.id, target.stream.name, times_ms, shown, now_ms)
        transformed = self._transformed(target, shown) if target.transformer else shown
        for metric_filter in target.filters:
            read = transformed if metric_filter.on_transformed else shown
            data = metric_filters.data(group, metric_filter, times_ms, read)
            await self._put(group, metric_filter.namespace, data)
        for one in target.subscriptions:
            read = transformed if one.on_transformed else shown
            selection = select(group, target.stream.name, one, times_ms, read)
            if selection is not None:
                await self._forwarding.add(group, one, selection)

    def _transformed(self, target: Target, messages: list[str]) -> list[str]:
        """The messages transformed; those that the transformer is not made for as they are."""
        group, transformer = target.group, target.transformer
        assert transformer is not None
        metadata = Metadata(group.name, target.stream.name, group.account, group.region)
        made = [transformer.apply(message, metadata) for message in messages]
        failed = made.count(None)
        self._own.add(group, "TransformedLogEvents", len(made) - failed)
        self._own.add(group, "TransformedBytes", sum(len(text) for text in made if text is not None))
        if failed:
            self._own.add(group, "TransformationErrors", failed)
        return [message if text is None else text for message, text in zip(messages, made, strict=True)]

    async def _audit(self, policy: Policy, group: LogGroup, messages: list[str], now_ms: int) -> None:
        reports = audit.findings(policy, group, messages, now_ms)
        if reports:
            self._own.add(group, "LogEventsWithFindings", len(reports))
            if policy.name:
                self._own.add(group, "LogEventsWithFindings", len(reports), ("DataProtectionPolicyName", policy.name))
            await audit.report(self._kit, policy, group, reports, now_ms)

    async def _put_embedded(self, group: LogGroup, messages: list[str], now_ms: int) -> None:
        found = embedded_metrics.extract(messages, now_ms)
        for namespace, data in found.data.items():
            await self._put(group, namespace, data)
        if found.unparsed:
            self._own.add(group, "EMFParsingErrors", found.unparsed)
        if found.invalid:
            self._own.add(group, "EMFValidationErrors", found.invalid)

    async def _put(self, group: LogGroup, namespace: str, data: list[Doc]) -> None:
        """Their loss must not fail a PutLogEvents that is already stored."""
        caller = Caller.service("logs.amazonaws.com", group.account, group.region)
        try:
            for at in range(0, len(data), _METRICS_AT_ONCE):
                request = {"Namespace": namespace, "MetricData": data[at : at + _METRICS_AT_ONCE]}
                await self._kit.call("cloudwatch", "PutMetricData", request, as_=caller)
        except AwsError as error:
            log.warning("the metrics of log events were refused", group=group.name, why=str(error))
