"""The targets of rules."""

from dataclasses import replace

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.events import store, targets
from trunkline.services.events.api.naming import known_rule, rule_resource
from trunkline.services.events.api.rules import RuleApi

_MOST_TARGETS = 5


class TargetApi(RuleApi):
    """Operations on a rule's targets."""

    @operation(rule_resource)
    async def put_targets(self, call: Call, req: Doc) -> Doc:
        for target in req["Targets"]:
            targets.checked(target)

        def put(tx: Tx) -> None:
            rule = known_rule(tx, call, req, "Rule")
            kept = {target["Id"]: target for target in rule.targets}
            kept |= {target["Id"]: target for target in req["Targets"]}
            if len(kept) > _MOST_TARGETS:
                raise AwsError(
                    "LimitExceededException",
                    "The requested resource exceeds the maximum number allowed. "
                    f"Maximum number of targets per rule is {_MOST_TARGETS}.",
                )
            store.RULES.put(tx, replace(rule, targets=list(kept.values())))
            self.changed(tx)

        await self.kit.db.write(put)
        return {"FailedEntryCount": 0, "FailedEntries": []}

    @operation(rule_resource)
    async def remove_targets(self, call: Call, req: Doc) -> Doc:
        gone = set(req["Ids"])

        def remove(tx: Tx) -> None:
            rule = known_rule(tx, call, req, "Rule")
            kept = [target for target in rule.targets if target["Id"] not in gone]
            store.RULES.put(tx, replace(rule, targets=kept))
            self.changed(tx)

        await self.kit.db.write(remove)
        return {"FailedEntryCount": 0, "FailedEntries": []}

    @operation(rule_resource)
    async def list_targets_by_rule(self, call: Call, req: Doc) -> Doc:
        rule = known_rule(self.kit.db, call, req, "Rule")
        shown, token = paging.page(
            rule.targets,
            req.get("Limit", 100),
            req.get("NextToken"),
            key=lambda target: target["Id"],
            error="ValidationException",
        )
        return {"Targets": shown, "NextToken": token}
