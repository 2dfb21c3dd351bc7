"""Actions of listeners and rules: check what a request says, complete it as AWS does, and hand it to the proxy."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.aws.errors import AwsError, Refused
from trunkline.engines.proxy.interface import Action, FixedResponse, Forward, Redirect, Weighted
from trunkline.services.elbv2.errors import invalid
from trunkline.services.elbv2.model import Doc

MAX_ACTIONS = 5
MAX_GROUPS = 5
_CONTENT_TYPES = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")
_REDIRECT = {"Protocol": "#{protocol}", "Port": "#{port}", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}


def normalise(actions: list[Doc], exists: Callable[[str], bool]) -> list[Doc]:
    """The one action that decides, in the form in which it is stored and described; refused when it cannot be done."""
    if not actions:
        raise invalid("At least one action must be specified")
    if len(actions) > MAX_ACTIONS:
        raise AwsError("TooManyActions", f"A rule can have no more than {MAX_ACTIONS} actions")
    for action in actions:
        if action["Type"] not in ("forward", "redirect", "fixed-response"):
            raise Refused(
                f"Trunkline does not support actions of type {action['Type']}: forward, redirect or fixed-response."
            )
    if len(actions) > 1:
        raise AwsError(
            "InvalidLoadBalancerAction", "Exactly one forward, redirect or fixed-response action is required"
        )
    (action,) = actions
    order = {"Order": action["Order"]} if "Order" in action else {}
    match action["Type"]:
        case "forward":
            return [{"Type": "forward", **order, **_forward(action, exists)}]
        case "redirect":
            return [{"Type": "redirect", **order, "RedirectConfig": _redirect(action)}]
        case _:
            return [{"Type": "fixed-response", **order, "FixedResponseConfig": _fixed(action)}]


def _forward(action: Doc, exists: Callable[[str], bool]) -> Doc:
    config = action.get("ForwardConfig") or {}
    groups = config.get("TargetGroups") or []
    single = action.get("TargetGroupArn")
    if single is not None:
        if groups and [group.get("TargetGroupArn") for group in groups] != [single]:
            raise AwsError(
                "InvalidLoadBalancerAction",
                "You can specify both a target group ARN and target groups in the forward configuration"
                " only if they name the same single target group",
            )
        groups = groups or [{"TargetGroupArn": single}]
    if not groups:
        raise invalid("A target group ARN must be specified for a forward action")
    if len(groups) > MAX_GROUPS:
        raise AwsError(
            "InvalidLoadBalancerAction", f"A forward action can have no more than {MAX_GROUPS} target groups"
        )
    stored = []
    for group in groups:
        arn, weight = group.get("TargetGroupArn"), group.get("Weight", 1)
        if not arn:
            raise invalid("A target group ARN must be specified for each target group of a forward action")
        if not exists(arn):
            raise AwsError("TargetGroupNotFound", f"Target groups '{arn}' not found")
        if not 0 <= weight <= 999:
            raise invalid(f"Target group weight '{weight}' must be between 0 and 999 inclusive")
        stored.append({"TargetGroupArn": arn, "Weight": weight})
    if len({group["TargetGroupArn"] for group in stored}) != len(stored):
        raise AwsError("InvalidLoadBalancerAction", "A target group can be named only once in a forward action")
    result: Doc = {"ForwardConfig": {"TargetGroups": stored, "TargetGroupStickinessConfig": _stickiness(config)}}
    if len(stored) == 1:
        result["TargetGroupArn"] = stored[0]["TargetGroupArn"]
    return result


def _stickiness(config: Doc) -> Doc:
    given = config.get("TargetGroupStickinessConfig") or {}
    if not given.get("Enabled"):
        return {"Enabled": False}
    duration = given.get("DurationSeconds")
    if duration is None or not 1 <= duration <= 604800:
        raise invalid("Target group stickiness duration must be between 1 and 604800 seconds")
    return {"Enabled": True, "DurationSeconds": duration}


def _redirect(action: Doc) -> Doc:
    config = action.get("RedirectConfig")
    if not config:
        raise invalid("A redirect action needs a RedirectConfig")
    full = {**_REDIRECT, **{key: value for key, value in config.items() if value is not None}}
    for key in _REDIRECT:
        if not full[key].isascii() or not full[key].isprintable() or " " in full[key]:
            raise AwsError(
                "InvalidLoadBalancerAction", f"The {key.lower()} of a redirect has characters a URL cannot have"
            )
    if not full["Path"].startswith("/"):
        raise AwsError("InvalidLoadBalancerAction", "The path of a redirect must start with '/'")
    port = full["Port"]
    if port != "#{port}" and not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise AwsError("InvalidLoadBalancerAction", f"The redirect port '{port}' is not valid")
    if all(full[key] == default for key, default in _REDIRECT.items()):
        raise AwsError("InvalidLoadBalancerAction", "The redirect would lead to the same URL: a redirect loop")
    return full


def _fixed(action: Doc) -> Doc:
    config = action.get("FixedResponseConfig")
    if not config:
        raise invalid("A fixed-response action needs a FixedResponseConfig")
    content_type = config.get("ContentType")
    if content_type and content_type not in _CONTENT_TYPES:
        raise AwsError("InvalidLoadBalancerAction", f"The content type must be one of {', '.join(_CONTENT_TYPES)}")
    return {key: config[key] for key in ("MessageBody", "StatusCode", "ContentType") if config.get(key) is not None}


def for_proxy(actions: list[Doc], group_ids: dict[str, str]) -> Action:
    """The stored action as the proxy engine takes it; `group_ids` by ARN."""
    (action,) = actions
    if action["Type"] == "forward":
        config = action["ForwardConfig"]
        sticky = config["TargetGroupStickinessConfig"]
        groups = tuple(
            Weighted(group_ids[group["TargetGroupArn"]], group["Weight"]) for group in config["TargetGroups"]
        )
        return Forward(groups, sticky["DurationSeconds"] if sticky["Enabled"] else None)
    if action["Type"] == "redirect":
        config = action["RedirectConfig"]
        return Redirect(
            int(config["StatusCode"].removeprefix("HTTP_")),
            config["Protocol"].lower() if "#" not in config["Protocol"] else config["Protocol"],
            config["Host"],
            config["Port"],
            config["Path"],
            config["Query"],
        )
    config = action["FixedResponseConfig"]
    return FixedResponse(
        int(config["StatusCode"]), config.get("ContentType") or "text/plain", config.get("MessageBody", "")
    )
