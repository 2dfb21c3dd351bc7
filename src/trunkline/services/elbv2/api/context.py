"""What every operation works with: the tables, the control of the proxy, and names checked as AWS checks them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Caller, Doc, Kit
from trunkline.services.elbv2 import store
from trunkline.services.elbv2.control import Control
from trunkline.services.elbv2.errors import invalid, no_listener, no_load_balancer, no_target_group
from trunkline.services.elbv2.model import PRINCIPAL, Attribute, Listener, LoadBalancer, TargetGroup

MAX_PAGE = 400


class Context:
    def __init__(self, kit: Kit, control: Control) -> None:
        self._kit = kit
        self._db = kit.db
        self._control = control

    def _load_balancer(self, call: Call, arn: str) -> LoadBalancer:
        found = store.load_balancer(self._db, arn)
        if found is None:
            check_arn(arn, "loadbalancer", "load balancer")
        if found is None or (found.account, found.region) != (call.account, call.region):
            raise no_load_balancer()
        return found

    def _target_group(self, call: Call, arn: str) -> TargetGroup:
        found = store.target_group(self._db, arn)
        if found is None:
            check_arn(arn, "targetgroup", "target group")
        if found is None or (found.account, found.region) != (call.account, call.region):
            raise no_target_group()
        return found

    def _listener(self, call: Call, arn: str) -> Listener:
        found = store.listener(self._db, arn)
        if found is None:
            check_arn(arn, "listener", "listener")
        if found is None or not mine(call, arn):
            raise no_listener()
        return found

    async def _ec2(self, call: Call, operation: str, params: Doc) -> Doc:
        return await self._kit.call("ec2", operation, params, as_=Caller.service(PRINCIPAL, call.account, call.region))

    def _page(self, req: Doc, items: list[Any], key: Callable[[Any], str]) -> tuple[list[Any], str | None]:
        return paging.page(
            items,
            req.get("PageSize") or MAX_PAGE,
            req.get("Marker"),
            key=key,
            error="ValidationError",
            message="The specified marker is not valid",
        )


def mine(call: Call, arn: str) -> bool:
    """Whether an ARN is of the caller's account and region."""
    return arn.startswith(f"arn:aws:elasticloadbalancing:{call.region}:{call.account}:")


def check_arn(arn: str, kind: str, what: str) -> None:
    if not re.match(rf"arn:aws:elasticloadbalancing:[^:]*:[^:]*:{kind}/", arn):
        raise invalid(f"'{arn}' is not a valid {what} ARN")


def check_name(name: str, what: str) -> None:
    """AWS's rules for names of load balancers and target groups."""
    if len(name) > 32:
        raise invalid(f"The {what} name '{name}' cannot be longer than '32' characters")
    if not name:
        raise invalid(f"A {what} name must be specified")
    if not re.fullmatch(r"[A-Za-z0-9-]+", name):
        raise invalid(
            f"The {what} name '{name}' can only contain characters that are alphanumeric characters or hyphens(-)"
        )
    if name.startswith("-") or name.endswith("-"):
        raise invalid(f"The {what} name '{name}' cannot begin or end with a hyphen(-)")
    if what == "load balancer" and name.startswith("internal-"):
        raise invalid(f"The {what} name '{name}' cannot begin with 'internal-'")


def attributes(known: dict[str, Attribute], given: list[Doc], what: str) -> dict[str, str]:
    """The attributes a request sets, checked."""
    result: dict[str, str] = {}
    for each in given:
        key, value = each.get("Key", ""), each.get("Value", "")
        if key not in known:
            raise invalid(f"{what} attribute key '{key}' is not recognized")
        fault = known[key].fault(value)
        if fault:
            raise AwsError("InvalidConfigurationRequest", f"{what} attribute '{key}' {fault}")
        result[key] = value
    return result


def all_attributes(known: dict[str, Attribute], given: dict[str, str]) -> list[Doc]:
    return [{"Key": key, "Value": given.get(key, each.default)} for key, each in known.items()]
