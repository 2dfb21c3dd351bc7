"""AWS::ElasticLoadBalancingV2::Listener and ListenerRule. Ref gives their ARNs.

An action that forwards to one target group may say so in two ways, and is shown in both: a template gives one of them.
"""

from typing import ClassVar

from trunkline.aws.handlers import differs, given, is_mine, pairs
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.elbv2.resources import attributes

_NO_LISTENER = ("ListenerNotFound", "ListenerNotFoundException", "LoadBalancerNotFound")
_NO_RULE = ("RuleNotFound", "RuleNotFoundException", "ListenerNotFound")
_LISTENER = ("AlpnPolicy", "Certificates", "DefaultActions", "MutualAuthentication", "Port", "Protocol", "SslPolicy")


class ListenerType(ResourceType):
    """A listener."""

    name: ClassVar[str] = "AWS::ElasticLoadBalancingV2::Listener"
    honoured: ClassVar[frozenset[str]] = frozenset({*_LISTENER, "LoadBalancerArn", "Tags"})
    recorded: ClassVar[frozenset[str]] = frozenset({"ListenerAttributes"})

    async def create(self, on: Provision, wanted: Doc) -> str:
        owner = wanted["LoadBalancerArn"]
        if on.resumed:
            for one in await on.pages("elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=owner):
                if is_mine(on, await attributes.tags_of(on, one["ListenerArn"])):
                    return str(one["ListenerArn"])
        request = {member: wanted.get(member) for member in _LISTENER}
        request["DefaultActions"] = _actions(wanted["DefaultActions"])
        tags = pairs(on.tags(wanted.get("Tags"))) or None
        answer = await on.call("elbv2", "CreateListener", LoadBalancerArn=owner, Tags=tags, **request)
        return str(answer["Listeners"][0]["ListenerArn"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        answer = await on.look("elbv2", "DescribeListeners", *_NO_LISTENER, ListenerArns=[physical_id])
        if answer is None:
            return None
        found = answer["Listeners"][0]
        return given(
            **{member: found.get(member) for member in _LISTENER},
            ListenerArn=physical_id,
            LoadBalancerArn=found["LoadBalancerArn"],
            Tags=await attributes.shown_tags(on, physical_id),
        )

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        if differs(old, new, *_LISTENER):
            request = {member: new.get(member) for member in _LISTENER if old.get(member) != new.get(member)}
            if "DefaultActions" in request:
                request["DefaultActions"] = _actions(new["DefaultActions"])
            await on.call("elbv2", "ModifyListener", ListenerArn=physical_id, **request)
        await attributes.tagged(on, physical_id, old, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("elbv2", "DeleteListener", *_NO_LISTENER, ListenerArn=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for balancer in await on.pages("elbv2", "DescribeLoadBalancers", "LoadBalancers"):
            arn = balancer["LoadBalancerArn"]
            listeners = await on.pages("elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=arn)
            found += [one["ListenerArn"] for one in listeners]
        return found


class ListenerRuleType(ResourceType):
    """A rule of a listener."""

    name: ClassVar[str] = "AWS::ElasticLoadBalancingV2::ListenerRule"
    honoured: ClassVar[frozenset[str]] = frozenset(
        {"Actions", "Conditions", "ListenerArn", "Priority", "Tags", "Transforms"}
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        listener = wanted["ListenerArn"]
        if on.resumed:
            for rule in await on.pages("elbv2", "DescribeRules", "Rules", ListenerArn=listener):
                if rule["Priority"] == str(wanted["Priority"]) and is_mine(
                    on, await attributes.tags_of(on, rule["RuleArn"])
                ):
                    return str(rule["RuleArn"])
        answer = await on.call(
            "elbv2",
            "CreateRule",
            ListenerArn=listener,
            Priority=wanted["Priority"],
            Conditions=wanted["Conditions"],
            Actions=_actions(wanted["Actions"]),
            Transforms=wanted.get("Transforms"),
            Tags=pairs(on.tags(wanted.get("Tags"))) or None,
        )
        return str(answer["Rules"][0]["RuleArn"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        answer = await on.look("elbv2", "DescribeRules", *_NO_RULE, RuleArns=[physical_id])
        if answer is None:
            return None
        rule = answer["Rules"][0]
        listener = physical_id.replace(":listener-rule/", ":listener/").rpartition("/")[0]
        return {
            "RuleArn": physical_id,
            "ListenerArn": listener,
            "IsDefault": rule["IsDefault"],
            "Priority": int(rule["Priority"]) if rule["Priority"].isdigit() else 0,
            "Conditions": rule["Conditions"],
            "Actions": rule["Actions"],
            "Tags": await attributes.shown_tags(on, physical_id),
        }

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        if differs(old, new, "Actions", "Conditions", "Transforms"):
            await on.call(
                "elbv2",
                "ModifyRule",
                RuleArn=physical_id,
                Conditions=new["Conditions"],
                Actions=_actions(new["Actions"]),
                Transforms=new.get("Transforms"),
            )
        if differs(old, new, "Priority"):
            place = {"RuleArn": physical_id, "Priority": new["Priority"]}
            await on.call("elbv2", "SetRulePriorities", RulePriorities=[place])
        await attributes.tagged(on, physical_id, old, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("elbv2", "DeleteRule", *_NO_RULE, RuleArn=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        found = []
        for listener in await ListenerType().existing(on):
            rules = await on.pages("elbv2", "DescribeRules", "Rules", ListenerArn=listener)
            found += [rule["RuleArn"] for rule in rules if not rule["IsDefault"]]
        return found


def _actions(actions: list[Doc]) -> list[Doc]:
    """Numbers of these are text in the API, and some templates give them as numbers."""
    made = []
    for action in actions:
        one = dict(action)
        if "FixedResponseConfig" in one:
            config = one["FixedResponseConfig"]
            one["FixedResponseConfig"] = {**config, "StatusCode": str(config["StatusCode"])}
        if "RedirectConfig" in one:
            one["RedirectConfig"] = {name: str(value) for name, value in one["RedirectConfig"].items()}
        made.append(one)
    return made
