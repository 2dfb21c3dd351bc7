"""Segments of load balancers: one for each request that is traced, with the call of the target in it.

AWS's load balancers only hand the trace header on; here they are nodes of the service map. Whom they trace: requests
that come with Sampled=1 and, of those that nobody decided on, what X-Ray's sampling rules choose whose service type is
AWS::ElasticLoadBalancingV2::LoadBalancer or any (`sampling`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.aws.tracing import SegmentOutbox, TraceHeader, new_segment_id
from trunkline.core.log import get
from trunkline.engines.proxy.interface import RequestRecord, Trace
from trunkline.services.elbv2 import store
from trunkline.services.elbv2.control import Control
from trunkline.services.elbv2.model import PRINCIPAL, Doc, LoadBalancer
from trunkline.services.elbv2.sampling import ORIGIN

log = get(__name__)

_EVERY_S = 10.0
_LISTENERS_S = 5.0


class Tracing:
    """Tells the proxy whom to trace, and X-Ray what the proxy saw."""

    def __init__(self, kit: Kit, control: Control) -> None:
        self._kit = kit
        self._control = control
        self._outbox = SegmentOutbox(kit.call, PRINCIPAL)
        self._owners: dict[str, LoadBalancer] = {}
        self._groups: dict[str, str] = {}
        self._looked = 0.0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Before the control starts: what it applies first is complete then."""
        await self._follow()
        self._control.subscribe(self._take)
        self._task = asyncio.create_task(self._follow_rules(), name="elbv2-sampling")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._outbox.stop()

    # --- whom to trace ----------------------------------------------------------------------------

    async def _follow_rules(self) -> None:
        while True:
            await self._kit.clock.sleep(_EVERY_S)
            await self._follow()

    async def _follow(self) -> None:
        settings = self._kit.settings
        places = {(each.account, each.region) for each in store.load_balancers.find(self._kit.db)}
        try:
            rules = {place: await self._rules(place) for place in places | {(settings.account, settings.region)}}
            await self._control.sample(rules)
        except AwsError as error:
            log.warning("the sampling rules could not be read", error=error)
        except Exception:
            log.exception("following the sampling rules failed")

    async def _rules(self, place: tuple[str, str]) -> list[Doc]:
        found = await self._kit.call.pages(
            "xray", "GetSamplingRules", "SamplingRuleRecords", {}, as_=Caller.service(PRINCIPAL, *place)
        )
        rules = [record["SamplingRule"] for record in found]
        return sorted(
            (rule for rule in rules if rule["ServiceType"] in ("*", ORIGIN) and not rule.get("Attributes")),
            key=lambda rule: (rule["Priority"], rule["RuleName"]),
        )

    # --- what was seen ----------------------------------------------------------------------------

    def _take(self, records: Sequence[RequestRecord]) -> None:
        for record in records:
            if record.trace is None:
                continue
            balancer = self._owner(record.listener)
            if balancer is not None and (document := segment(record, record.trace, balancer, self._groups)) is not None:
                self._outbox.add(balancer.account, balancer.region, document)

    def _owner(self, listener: str) -> LoadBalancer | None:
        now = self._kit.clock.monotonic()
        if listener not in self._owners or now - self._looked > _LISTENERS_S:
            self._looked = now
            balancers = {each.arn: each for each in store.load_balancers.find(self._kit.db)}
            self._owners = {
                each.id: balancers[each.load_balancer_arn]
                for each in store.listeners.find(self._kit.db)
                if each.load_balancer_arn in balancers
            }
            self._groups = {group.id: group.name for group in store.target_groups.find(self._kit.db)}
        return self._owners.get(listener)


def segment(record: RequestRecord, trace: Trace, balancer: LoadBalancer, groups: dict[str, str]) -> Doc | None:
    """The document of one request; None where its header names no trace."""
    header = TraceHeader.parse(trace.header)
    if not header.root:
        return None
    end = max(record.time, trace.started)
    status = record.status if record.status > 0 else 460  # AWS: the client went away
    outcome = {"fault": status >= 500, "error": 400 <= status < 500, "throttle": status == 429}
    failed = {key: True for key, holds in outcome.items() if holds}
    document: Doc = {
        "trace_id": header.root,
        "id": new_segment_id(),
        "name": balancer.name,
        "origin": ORIGIN,
        "start_time": trace.started,
        "end_time": end,
        "http": {
            "request": {
                "method": trace.method,
                "url": f"http://{trace.host}{trace.path}",
                "client_ip": trace.client,
                "user_agent": trace.user_agent,
            },
            "response": {"status": status},
        },
        "aws": {"load_balancer": {"arn": balancer.arn}},
        **failed,
    }
    if header.parent:
        document["parent_id"] = header.parent
    group = groups.get(record.target_group)
    if group is None:
        return document
    call: Doc = {
        "id": trace.span,
        "name": group,
        "namespace": "remote",
        "start_time": trace.started,
        "end_time": end,
        **(failed if record.answered_by_target else {"fault": True}),
    }
    if record.answered_by_target:
        call["http"] = {"response": {"status": status}}
    return {**document, "annotations": {"target_group": group}, "subsegments": [call]}
