"""Targets: register, deregister, and their health."""

from __future__ import annotations

import ipaddress

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.elbv2 import described, store
from trunkline.services.elbv2.api.context import Context
from trunkline.services.elbv2.errors import invalid
from trunkline.services.elbv2.model import Target, TargetGroup

MAX_TARGETS = 1000


class Targets(Context):
    @operation("{TargetGroupArn}")
    async def register_targets(self, call: Call, req: Doc) -> Doc:
        group = self._target_group(call, req["TargetGroupArn"])
        targets = [_target(group, given) for given in _some(req)]

        def add(tx: Tx) -> None:
            for target in targets:
                store.targets.put(tx, target)
            if len(store.targets.find(tx, prefix=(group.arn,))) > MAX_TARGETS:
                raise AwsError("TooManyTargets", f"A target group can have no more than {MAX_TARGETS} targets")

        await self._control.note(add)
        return {}

    @operation("{TargetGroupArn}")
    async def deregister_targets(self, call: Call, req: Doc) -> Doc:
        group = self._target_group(call, req["TargetGroupArn"])
        present = store.targets.find(self._db, prefix=(group.arn,))
        leaving: list[Target] = []
        for given in _some(req):
            ip, port = given["Id"], given.get("Port")
            # Without a port: on all ports, as with AWS.
            leaving += [target for target in present if target.ip == ip and port in (None, target.port)]
        delay_s = int(group.attribute("deregistration_delay.timeout_seconds"))
        until = self._kit.clock.time() + delay_s

        def leave(tx: Tx) -> None:
            used = bool(store.forwards(tx).get(group.arn))
            for target in leaving:
                now = store.targets.get(tx, group.arn, target.ip, target.port)
                if now is None or now.drains_until is not None:
                    continue
                if used:
                    now.drains_until = until
                    store.targets.put(tx, now)
                else:
                    store.targets.delete(tx, group.arn, target.ip, target.port)

        if leaving:
            await self._control.note(leave)
        return {}

    @operation()
    async def describe_target_health(self, call: Call, req: Doc) -> Doc:
        group = self._target_group(call, req["TargetGroupArn"])
        used = bool(store.forwards(self._db).get(group.arn))
        health = (await self._control.health()).get(group.id, {})
        # Read after the proxy was asked, so that a target that left meanwhile is not shown as unknown.
        present = store.targets.find(self._db, prefix=(group.arn,))

        def one(target: Target) -> Doc:
            known = health.get(self._control.reach.member(group.vpc, target))
            return described.target_health(target, group, known, used=used, trouble=self._control.trouble)

        if not req.get("Targets"):
            return {"TargetHealthDescriptions": [one(target) for target in present]}
        shown: list[Doc] = []
        for given in req["Targets"]:
            ip, port = given["Id"], given.get("Port")
            matching = [target for target in present if target.ip == ip and port in (None, target.port)]
            shown += [one(target) for target in matching] or [described.not_registered(ip, port or group.port)]
        return {"TargetHealthDescriptions": shown}


def _some(req: Doc) -> list[Doc]:
    targets: list[Doc] = req["Targets"]
    if not targets:
        raise invalid("At least one target must be specified")
    return targets


def _target(group: TargetGroup, given: Doc) -> Target:
    if group.target_type == "instance":
        # What AWS says of instances that do not run, and there are none here.
        text = f"The following targets are not in a running state and cannot be registered: '{given['Id']}'"
        raise AwsError("InvalidTarget", text)
    try:
        address = ipaddress.ip_address(given["Id"])
    except ValueError as error:
        raise invalid(f"The IP address '{given['Id']}' is not a valid IPv4 address") from error
    if address.version != 4:
        raise invalid(f"The IP address '{given['Id']}' is not a valid IPv4 address")
    if given.get("QuicServerId"):
        raise Refused("Trunkline has no QUIC targets: leave QuicServerId out.")
    if not (address.is_private or address.is_loopback) or address.is_unspecified:
        raise AwsError(
            "InvalidTarget",
            f"The IP address '{address}' is not within a private address range that targets may be in",
        )
    return Target(group.arn, str(address), given.get("Port") or group.port, given.get("AvailabilityZone") or "")
