"""Moving traffic: the listeners and rules that forward to the pair of target groups, and their weights."""

from __future__ import annotations

from trunkline.services.codedeploy.model import Deployment, Doc, Failure
from trunkline.services.codedeploy.workflow.callers import Callers

CODE = "ELASTIC_LOAD_BALANCING_INVALID"


def pair_of(deployment: Deployment) -> Doc:
    pairs = (deployment.load_balancer or {}).get("targetGroupPairInfoList") or [{}]
    return dict(pairs[0])


class Traffic:
    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    async def target_groups(self, deployment: Deployment) -> dict[str, str]:
        """name → ARN of the pair."""
        names = [group["name"] for group in pair_of(deployment).get("targetGroups", [])]
        answer = await self._callers.call(deployment, "elbv2", "DescribeTargetGroups", {"Names": names}, code=CODE)
        found = {group["TargetGroupName"]: group["TargetGroupArn"] for group in answer["TargetGroups"]}
        missing = [name for name in names if name not in found]
        if missing:
            raise Failure(CODE, f"The target group {missing[0]} of the deployment group does not exist.")
        return found

    async def routes(self, deployment: Deployment, arns: set[str]) -> Doc:
        """The listeners and rules to move: production ones that forward to the pair, and the test listener as it is."""
        pair = pair_of(deployment)
        production = [
            route
            for listener in (pair.get("prodTrafficRoute") or {}).get("listenerArns", [])
            for route in await self._routes_of(deployment, listener)
            if arns & set(_forwarded(route["actions"]))
        ]
        if not production:
            raise Failure(CODE, "No production listener forwards to a target group of the deployment group's pair.")
        test: list[Doc] = []
        for listener in (pair.get("testTrafficRoute") or {}).get("listenerArns", []):
            routes = await self._routes_of(deployment, listener)
            test.extend(
                route for route in routes if route["kind"] == "listener" or arns & set(_forwarded(route["actions"]))
            )
        return {"production": production, "test": test}

    async def _routes_of(self, deployment: Deployment, listener_arn: str) -> list[Doc]:
        answer = await self._callers.call(
            deployment, "elbv2", "DescribeListeners", {"ListenerArns": [listener_arn]}, code=CODE
        )
        if not answer["Listeners"]:
            raise Failure(CODE, f"The listener {listener_arn} does not exist.")
        rules = await self._callers.call(deployment, "elbv2", "DescribeRules", {"ListenerArn": listener_arn}, code=CODE)
        default = {"kind": "listener", "arn": listener_arn, "actions": answer["Listeners"][0]["DefaultActions"]}
        return [
            default,
            *(
                {"kind": "rule", "arn": rule["RuleArn"], "actions": rule["Actions"]}
                for rule in rules["Rules"]
                if not rule.get("IsDefault")
            ),
        ]

    async def shift(self, deployment: Deployment, routes: list[Doc], weights: dict[str, int]) -> None:
        """Give every route these weights (target group ARN → percent). Repeating it changes nothing."""
        for route in routes:
            await self._set(deployment, route, [_weighted(action, weights) for action in route["actions"]])

    async def restore(self, deployment: Deployment, routes: list[Doc]) -> None:
        """Give every route the actions it had when the deployment began."""
        for route in routes:
            await self._set(deployment, route, route["actions"])

    async def _set(self, deployment: Deployment, route: Doc, actions: list[Doc]) -> None:
        if route["kind"] == "listener":
            params = {"ListenerArn": route["arn"], "DefaultActions": actions}
            await self._callers.call(deployment, "elbv2", "ModifyListener", params, code=CODE)
        else:
            params = {"RuleArn": route["arn"], "Actions": actions}
            await self._callers.call(deployment, "elbv2", "ModifyRule", params, code=CODE)


def _forwarded(actions: list[Doc]) -> list[str]:
    """The target groups that actions forward to."""
    arns = []
    for action in actions:
        if action["Type"] == "forward":
            groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or []
            arns += [group["TargetGroupArn"] for group in groups]
            if action.get("TargetGroupArn"):
                arns.append(action["TargetGroupArn"])
    return arns


def _weighted(action: Doc, weights: dict[str, int]) -> Doc:
    """A forward action with new weights; anything else (an authentication before it), and its stickiness, stay."""
    if action["Type"] != "forward":
        return action
    config: Doc = {"TargetGroups": [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]}
    sticky = (action.get("ForwardConfig") or {}).get("TargetGroupStickinessConfig")
    if sticky:
        config["TargetGroupStickinessConfig"] = sticky
    kept = {"Order": action["Order"]} if "Order" in action else {}
    return {"Type": "forward", "ForwardConfig": config, **kept}
