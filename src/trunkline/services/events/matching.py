"""Which rules an event fires: the rules of a bus, compiled and remembered until one of them changes."""

from typing import Any

from trunkline.aws.event_patterns import Pattern, compile_pattern
from trunkline.core.db import Reader
from trunkline.services.events import store
from trunkline.services.events.model import Delivery, Rule

Bus = tuple[str, str, str]
"""account, region, name"""


class Rules:
    """The enabled rules with patterns, by bus."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._compiled: dict[Bus, list[tuple[Rule, Pattern]]] = {}

    def changed(self) -> None:
        """Call after the commit of any change to rules, from any thread."""
        self._compiled = {}

    def fired(self, bus: Bus, event: dict[str, Any]) -> list[Rule]:
        """The rules that this event (in EventBridge's form) matches and that have targets."""
        compiled = self._compiled
        rules = compiled.get(bus)
        if rules is None:
            found = store.RULES.find(self._reader, prefix=bus)
            rules = [(rule, compile_pattern(rule.pattern)) for rule in found if rule.enabled and rule.pattern]
            compiled[bus] = rules
        return [rule for rule, pattern in rules if rule.targets and pattern.matches(event)]


def deliveries(rule: Rule, event: dict[str, Any], now: float) -> list[Delivery]:
    """One delivery for each target of the rule."""
    return [
        Delivery(
            event_id=event["id"],
            rule_arn=rule.arn,
            target_id=target["Id"],
            account=rule.account,
            region=rule.region,
            state="waiting",
            due=now,
            since=now,
            event=event,
            target=target,
        )
        for target in rule.targets
    ]
