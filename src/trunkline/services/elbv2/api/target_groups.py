"""Target groups: create, describe, modify, delete, attributes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.elbv2 import described, store
from trunkline.services.elbv2.api.context import Context, all_attributes, attributes, check_arn, check_name, mine
from trunkline.services.elbv2.api.tagging import new_tags
from trunkline.services.elbv2.errors import invalid, no_target_group
from trunkline.services.elbv2.model import TARGET_GROUP_ATTRIBUTES, HealthCheck, TargetGroup

_ALIKE = ("port", "vpc", "check", "tags", "protocol", "target_type")


class TargetGroups(Context):
    @operation("arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{Name}/*")
    async def create_target_group(self, call: Call, req: Doc) -> Doc:
        name = req["Name"]
        check_name(name, "target group")
        _refuse(req)
        for member in ("Protocol", "Port", "VpcId"):
            if req.get(member) is None:
                raise invalid(f"A {_WORDS[member]} must be specified")
        await self._check_vpc(call, req["VpcId"])
        identifier = ids.hex_id(16)
        item = TargetGroup(
            call.account,
            call.region,
            name,
            call.arn(f"targetgroup/{name}/{identifier}", service="elasticloadbalancing"),
            identifier,
            req["Port"],
            req["VpcId"],
            _check(_default_check(req["Protocol"]), req),
            created=self._kit.clock.time(),
            tags=new_tags(req.get("Tags")),
            protocol=req["Protocol"],
            target_type=req.get("TargetType", "instance"),
        )

        def add(tx: Tx) -> TargetGroup:
            present = store.target_groups.get(tx, item.account, item.region, item.name)
            if present is not None and all(getattr(present, key) == getattr(item, key) for key in _ALIKE):
                return present
            store.target_groups.insert(tx, item)
            return item

        def remove(tx: Tx) -> None:
            if store.target_group(tx, item.arn) is not None:
                store.target_groups.delete(tx, item.account, item.region, item.name)

        try:
            made = await self._control.change(add, remove)
        except AlreadyExists:
            raise AwsError(
                "DuplicateTargetGroupName",
                f"A target group with the same name '{name}' exists, but with different settings",
            ) from None
        return {"TargetGroups": [self._described_group(made)]}

    @operation()
    async def describe_target_groups(self, call: Call, req: Doc) -> Doc:
        arns, names, owner = req.get("TargetGroupArns") or [], req.get("Names") or [], req.get("LoadBalancerArn")
        if sum(map(bool, (arns, names, owner))) > 1:
            raise invalid("You can specify only one of a load balancer ARN, target group ARNs and target group names")
        here = store.target_groups.find(self._db, prefix=(call.account, call.region))
        used = store.forwards(self._db)
        if owner:
            self._load_balancer(call, owner)
            here = [group for group in here if owner in used.get(group.arn, ())]
        for arn in arns:
            check_arn(arn, "targetgroup", "target group")
        if any(all(group.arn != arn for group in here) for arn in arns):
            raise no_target_group()
        if any(all(group.name != name for group in here) for name in names):
            raise no_target_group()
        found = [each for each in here if (not arns or each.arn in arns) and (not names or each.name in names)]
        shown, marker = self._page(req, found, lambda each: str(each.name))
        groups = [described.target_group(each, used.get(each.arn, set())) for each in shown]
        return {"TargetGroups": groups, "NextMarker": marker}

    @operation("{TargetGroupArn}")
    async def modify_target_group(self, call: Call, req: Doc) -> Doc:
        item = self._target_group(call, req["TargetGroupArn"])
        _refuse({"TargetType": item.target_type, "Protocol": item.protocol, **req})
        changed = await self._change_group(item, lambda now: replace(now, check=_check(now.check, req)))
        return {"TargetGroups": [self._described_group(changed)]}

    @operation("{TargetGroupArn}")
    async def delete_target_group(self, call: Call, req: Doc) -> Doc:
        arn = req["TargetGroupArn"]
        item = store.target_group(self._db, arn)
        if item is None or not mine(call, arn):
            check_arn(arn, "targetgroup", "target group")
            return {}  # AWS: deleting what is not there succeeds

        def remove(tx: Tx) -> None:
            if store.forwards(tx).get(arn):
                raise AwsError("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule")
            for target in store.targets.find(tx, prefix=(arn,)):
                store.targets.delete(tx, arn, target.ip, target.port)
            store.target_groups.delete(tx, item.account, item.region, item.name)

        await self._control.note(remove)
        return {}

    @operation("{TargetGroupArn}")
    async def modify_target_group_attributes(self, call: Call, req: Doc) -> Doc:
        item = self._target_group(call, req["TargetGroupArn"])
        given = attributes(TARGET_GROUP_ATTRIBUTES, req["Attributes"], "Target group")
        changed = await self._change_group(item, lambda now: replace(now, attributes={**now.attributes, **given}))
        return {"Attributes": all_attributes(TARGET_GROUP_ATTRIBUTES, changed.attributes)}

    @operation("{TargetGroupArn}")
    async def describe_target_group_attributes(self, call: Call, req: Doc) -> Doc:
        item = self._target_group(call, req["TargetGroupArn"])
        return {"Attributes": all_attributes(TARGET_GROUP_ATTRIBUTES, item.attributes)}

    async def _change_group(self, item: TargetGroup, edit: Callable[[TargetGroup], TargetGroup]) -> TargetGroup:
        before = item

        def work(tx: Tx) -> TargetGroup:
            nonlocal before
            now = store.target_group(tx, item.arn)
            if now is None:
                raise no_target_group()
            before, changed = now, edit(now)
            store.target_groups.put(tx, changed)
            return changed

        return await self._control.change(work, lambda tx: store.target_groups.put(tx, before))

    def _described_group(self, item: TargetGroup) -> Doc:
        return described.target_group(item, store.forwards(self._db).get(item.arn, set()))

    async def _check_vpc(self, call: Call, vpc: str) -> None:
        try:
            await self._ec2(call, "DescribeVpcs", {"VpcIds": [vpc]})
        except AwsError as error:
            if error.code.startswith("InvalidVpc"):
                raise invalid(f"The VPC ID '{vpc}' is not found") from error
            raise


_WORDS = {"Protocol": "protocol", "Port": "port", "VpcId": "VPC ID"}


def _refuse(req: Doc) -> None:
    kind = req.get("TargetType", "instance")
    if kind not in ("ip", "instance"):
        raise Refused(f"Trunkline has no targets of type {kind}: use TargetType=ip.")
    for member in ("Protocol", "HealthCheckProtocol"):
        if req.get(member, "HTTP") not in ("HTTP", "TCP"):
            raise Refused(f"Trunkline's target groups speak HTTP or TCP: {member}={req[member]} is not supported.")
    if req.get("Protocol", "HTTP") == "HTTP" and req.get("HealthCheckProtocol") == "TCP":
        raise invalid("Health check protocol 'TCP' is not supported for target groups with protocol 'HTTP'")
    if req.get("ProtocolVersion", "HTTP1") != "HTTP1":
        raise Refused("Trunkline's target groups speak HTTP/1.1: use ProtocolVersion=HTTP1.")
    if req.get("IpAddressType", "ipv4") != "ipv4":
        raise Refused("Trunkline's target groups hold IPv4 addresses: use IpAddressType=ipv4.")
    if (req.get("Matcher") or {}).get("GrpcCode"):
        raise Refused("Trunkline's target groups do not speak gRPC: use Matcher.HttpCode.")
    if req.get("TargetControlPort"):
        raise Refused("Trunkline does not support TargetControlPort: leave it out.")
    if req.get("HealthCheckEnabled") is False:
        text = "Health checks must be enabled for target groups with target type 'ip'"
        raise AwsError("InvalidConfigurationRequest", text)


def _default_check(protocol: str) -> HealthCheck:
    """A TCP group's: connections, which get more time."""
    return HealthCheck(protocol="TCP", timeout_s=10, unhealthy=2) if protocol == "TCP" else HealthCheck()


def _check(now: HealthCheck, req: Doc) -> HealthCheck:
    protocol = req.get("HealthCheckProtocol") or now.protocol
    if protocol == "TCP" and (req.get("HealthCheckPath") or req.get("Matcher")):
        raise invalid("Health check paths and matchers are for health checks with protocol 'HTTP'")
    check = HealthCheck(
        protocol=protocol,
        port=req.get("HealthCheckPort") or now.port,
        path=req.get("HealthCheckPath") or now.path,
        interval_s=req.get("HealthCheckIntervalSeconds") or now.interval_s,
        timeout_s=req.get("HealthCheckTimeoutSeconds") or now.timeout_s,
        healthy=req.get("HealthyThresholdCount") or now.healthy,
        unhealthy=req.get("UnhealthyThresholdCount") or now.unhealthy,
        codes=(req.get("Matcher") or {}).get("HttpCode") or now.codes,
    )
    if check.port != "traffic-port" and not (
        check.port.isascii() and check.port.isdigit() and 0 < int(check.port) < 65536
    ):
        raise invalid(f"Health check port '{check.port}' must be 'traffic-port' or a number between 1 and 65535")
    if not check.path.startswith("/") or not check.path.isascii() or not check.path.isprintable() or " " in check.path:
        raise invalid(f"Health check path '{check.path}' must begin with a '/' character")
    if check.timeout_s >= check.interval_s:
        raise invalid("Health check interval must be greater than the timeout.")
    _check_codes(check.codes)
    return check


def _check_codes(codes: str) -> None:
    for part in codes.split(","):
        ends = part.strip().split("-")
        if len(ends) > 2 or not all(re.fullmatch(r"[2-4]\d\d", end) for end in ends) or int(ends[0]) > int(ends[-1]):
            raise invalid(f"Health check matcher HTTP code '{codes}' must be within '200-499' inclusive")
