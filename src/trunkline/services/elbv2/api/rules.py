"""Rules of listeners: create, describe, modify, delete, priorities."""

from __future__ import annotations

from dataclasses import replace

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.elbv2 import conditions, described, store
from trunkline.services.elbv2.api.context import check_arn, mine
from trunkline.services.elbv2.api.listeners import Listeners, checked_actions
from trunkline.services.elbv2.api.tagging import new_tags
from trunkline.services.elbv2.errors import invalid, no_listener, no_rule
from trunkline.services.elbv2.model import Listener, Rule

MAX_RULES = 100


class Rules(Listeners):
    @operation("{ListenerArn}")
    async def create_rule(self, call: Call, req: Doc) -> Doc:
        listener = self._listener(call, req["ListenerArn"])
        if listener.protocol != "HTTP":
            raise AwsError("UnsupportedFunction", "The listeners of network load balancers have no rules", status=400)
        _refuse(req)
        _check_priority(req["Priority"])
        path = listener.arn.split(":listener/", 1)[1]
        identifier = ids.hex_id(16)
        item = Rule(
            call.arn(f"listener-rule/{path}/{identifier}", service="elasticloadbalancing"),
            identifier,
            listener.arn,
            req["Priority"],
            conditions.normalise(req["Conditions"]),
            [],
            tags=new_tags(req.get("Tags")),
        )

        def add(tx: Tx) -> Rule:
            if store.listener(tx, listener.arn) is None:
                raise no_listener()
            present = store.rules.find(tx, prefix=(listener.arn,))
            if any(rule.priority == item.priority for rule in present):
                raise _in_use(item.priority)
            if len(present) >= MAX_RULES:
                raise AwsError("TooManyRules", f"A listener can have no more than {MAX_RULES} rules")
            made = replace(item, actions=checked_actions(tx, call, listener.load_balancer_arn, req["Actions"]))
            store.rules.insert(tx, made)
            return made

        made = await self._control.change(add, lambda tx: _remove(tx, item.arn))
        return {"Rules": [described.rule(made)]}

    @operation()
    async def describe_rules(self, call: Call, req: Doc) -> Doc:
        owner, arns = req.get("ListenerArn"), req.get("RuleArns") or []
        if bool(owner) == bool(arns):
            raise invalid("You must specify either listener rule ARNs or a listener ARN")
        if owner:
            listener = self._listener(call, owner)
            found = [described.rule(rule) for rule in store.rules.find(self._db, prefix=(owner,))]
            found.append(described.default_rule(listener))
        else:
            found = [self._any_rule(call, arn) for arn in arns]
        shown, marker = self._page(req, found, _place)
        return {"Rules": shown, "NextMarker": marker}

    @operation("{RuleArn}")
    async def modify_rule(self, call: Call, req: Doc) -> Doc:
        self._refuse_default(call, req["RuleArn"], "modified")
        before = after = self._rule(call, req["RuleArn"])
        _refuse(req)
        owner = self._listener(call, before.listener_arn).load_balancer_arn
        wanted = conditions.normalise(req["Conditions"]) if req.get("Conditions") else None

        def work(tx: Tx) -> None:
            nonlocal before, after
            now = store.rule(tx, before.arn)
            if now is None:
                raise no_rule()
            before, after = now, replace(now, conditions=wanted or now.conditions)
            if req.get("Actions"):
                after.actions = checked_actions(tx, call, owner, req["Actions"])
            store.rules.put(tx, after)

        await self._control.change(work, lambda tx: store.rules.put(tx, before))
        return {"Rules": [described.rule(after)]}

    @operation("{RuleArn}")
    async def delete_rule(self, call: Call, req: Doc) -> Doc:
        self._refuse_default(call, req["RuleArn"], "deleted")
        item = self._rule(call, req["RuleArn"])
        await self._control.note(lambda tx: _remove(tx, item.arn))
        return {}

    @operation(lambda call, req: [pair.get("RuleArn", "*") for pair in req["RulePriorities"]])
    async def set_rule_priorities(self, call: Call, req: Doc) -> Doc:
        wanted: dict[str, int] = {}
        for pair in req["RulePriorities"]:
            if not pair.get("RuleArn") or pair.get("Priority") is None:
                raise invalid("A rule ARN and a priority must be specified")
            self._refuse_default(call, pair["RuleArn"], "modified")
            _check_priority(pair["Priority"])
            wanted[pair["RuleArn"]] = pair["Priority"]
        before = [self._rule(call, arn) for arn in wanted]
        if len({item.listener_arn for item in before}) > 1:
            raise invalid("All rules must belong to the same listener")

        def work(tx: Tx) -> list[Rule]:
            nonlocal before
            present = [store.rule(tx, arn) for arn in wanted]
            before = [rule for rule in present if rule is not None]
            if len(before) < len(wanted):
                raise no_rule()
            after = [replace(rule, priority=wanted[rule.arn]) for rule in before]
            _swap(tx, before, after)
            return after

        def undo(tx: Tx) -> None:
            _swap(tx, [replace(rule, priority=wanted[rule.arn]) for rule in before], before)

        after = await self._control.change(work, undo)
        return {"Rules": [described.rule(rule) for rule in after]}

    def _rule(self, call: Call, arn: str) -> Rule:
        found = store.rule(self._db, arn)
        if found is None:
            check_arn(arn, "listener-rule", "listener rule")
        if found is None or not mine(call, arn):
            raise no_rule()
        return found

    def _any_rule(self, call: Call, arn: str) -> Doc:
        default = self._default(call, arn)
        return described.default_rule(default) if default else described.rule(self._rule(call, arn))

    def _default(self, call: Call, arn: str) -> Listener | None:
        return next(iter(store.listeners.find(self._db, default_rule_arn=arn)), None) if mine(call, arn) else None

    def _refuse_default(self, call: Call, arn: str, verb: str) -> None:
        if self._default(call, arn) is not None:
            raise AwsError("OperationNotPermitted", f"Default rule '{arn}' cannot be {verb}")


def _remove(tx: Tx, arn: str) -> None:
    now = store.rule(tx, arn)  # its priority may have been set meanwhile
    if now is not None:
        store.rules.delete(tx, now.listener_arn, now.priority)


def _swap(tx: Tx, old: list[Rule], new: list[Rule]) -> None:
    for rule in old:
        store.rules.delete(tx, rule.listener_arn, rule.priority)
    for rule in new:
        try:
            store.rules.insert(tx, rule)
        except AlreadyExists:
            raise _in_use(rule.priority) from None


def _place(rule: Doc) -> str:
    """In the order of evaluation, the default last."""
    return f"{int(rule['Priority']):06d}{rule['RuleArn']}" if rule["Priority"] != "default" else f"~{rule['RuleArn']}"


def _check_priority(priority: int) -> None:
    if not 1 <= priority <= 50000:
        raise invalid(f"Priority '{priority}' must be between 1 and 50000 inclusive")


def _in_use(priority: int) -> AwsError:
    return AwsError("PriorityInUse", f"Priority '{priority}' is currently in use")


def _refuse(req: Doc) -> None:
    if req.get("Transforms") or req.get("ResetTransforms"):
        raise Refused("Trunkline does not rewrite URLs or host headers: leave Transforms out.")
