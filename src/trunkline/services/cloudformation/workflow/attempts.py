"""One resource of the template being applied: its properties evaluated, compared, and its handler run."""

from collections.abc import Mapping
from typing import Any

import orjson

from trunkline.aws import schemas
from trunkline.core.db import Tx
from trunkline.services.cloudformation import template
from trunkline.services.cloudformation.drift.living import living
from trunkline.services.cloudformation.model import Resource
from trunkline.services.cloudformation.preparing import importing, properties, stack_policy
from trunkline.services.cloudformation.workflow import hooking, signals, words
from trunkline.services.cloudformation.workflow.handling import Attempt, outcome
from trunkline.services.cloudformation.workflow.refusal import Refusal
from trunkline.services.cloudformation.workflow.session import Session

Doc = dict[str, Any]
NESTED = "AWS::CloudFormation::Stack"
REPLACEMENT = "aws:cloudformation:replacement"  # tells the new resource from the one it replaces after a crash


class Attempts:
    """Steps of a workflow: every method may run again after a crash."""

    def __init__(self, session: Session, after: Mapping[str, set[str]]) -> None:
        self._session = session
        self._after = after
        self._hidden: dict[str, list[str]] = {}

    def row(self, name: str, token: str) -> Resource:
        """A new resource's row."""
        resource = self._session.template.resources[name]
        row = Resource(
            stack_id=self._session.stack.id,
            logical_id=name,
            type=resource.type,
            status="",
            updated=self._session.kit.clock.now(),
            token=token,
        )
        self.describe(row)
        return row

    def describe(self, row: Resource) -> bool:
        """What a row says of the template beside the properties; whether anything of it is new."""
        resource = self._session.template.resources[row.logical_id]
        said = (
            _text(resource.deletion_policy),
            _text(resource.update_replace_policy),
            sorted(self._after.get(row.logical_id, ())),
            resource.metadata if isinstance(resource.metadata, dict) else {},
        )
        if said == (row.deletion_policy, row.update_replace_policy, row.depends_on, row.metadata):
            return False
        row.deletion_policy, row.update_replace_policy, row.depends_on, row.metadata = said
        return True

    def fill(self, row: Resource, made: Doc) -> None:
        row.physical_id = made["physical_id"]
        row.properties = made["properties"]
        row.attributes = made["attributes"]
        row.hidden = made.get("hidden") or row.hidden
        self.describe(row)

    async def wanted(self, name: str) -> Doc:
        """The properties, resolved and typed. Raises Refusal with CloudFormation's words."""
        resource = self._session.template.resources[name]
        scope = await self._session.scope()
        found = await template.evaluate(resource.properties or {}, scope)
        wanted = properties.typed(resource.type, found)
        if scope.secrets:
            self._hidden[name] = sorted(scope.secrets)
        if reason := properties.objection(name, resource.type, wanted):
            raise Refusal(reason)
        return wanted

    # steps -----------------------------------------------------------------------------------------------------------

    async def create(self, name: str, token: str, resumed: bool) -> Doc:
        return await self._make(name, token, resumed, None)

    async def replace(self, name: str, token: str, resumed: bool, wanted: Doc) -> Doc:
        return await self._make(name, token, resumed, wanted)

    async def _make(self, name: str, token: str, resumed: bool, wanted: Doc | None) -> Doc:
        session = self._session
        row = session.row(name)
        assert row is not None
        is_new = wanted is None
        made = {"physical_id": row.physical_id if is_new else "", "properties": wanted or {}}
        kept = row.properties

        async def on_made(physical_id: str) -> None:
            if made["physical_id"] != physical_id:
                made["physical_id"] = physical_id
                if is_new:
                    await session.kit.db.write(lambda tx: self._initiated(tx, name, made))

        async def work() -> Doc:
            given = made["properties"] = wanted if wanted is not None else await self.wanted(name)
            again = bool(row.physical_id) if not is_new else bool(row.retired)
            attempt = await self.attempt(name, token, resumed=resumed, kept=kept, on_made=on_made, replaces=again)
            await hooking.before(session, row, "CREATE", token, given)
            found = await session.handlers.create(attempt, given)
            if attempt.creation_policy:
                await on_made(found["physical_id"])
                await signals.awaited(session, name, attempt.creation_policy, row.updated)
            made["physical_id"] = found["physical_id"]
            return {**found, "properties": given, "hidden": self._hidden.get(name, [])}

        kind = session.handlers.find(row.type)
        timeout_s = kind.timeout_s if kind is not None else 60.0
        found = await outcome(
            work,
            token,
            timeout_s=timeout_s,
            cancel=session.failing,
            cancellable=lambda: bool(made["physical_id"]),
        )
        return found if "properties" in found else {**made, **found}

    def _initiated(self, tx: Tx, name: str, made: Doc) -> None:
        record = self._session.record
        row = record.row(tx, name)
        if row is not None and not row.physical_id:
            row.physical_id, row.properties = made["physical_id"], made["properties"]
            row.hidden = self._hidden.get(name, row.hidden)
            record.resource(tx, record.stack(tx), row, "CREATE_IN_PROGRESS", words.INITIATED)

    async def update(self, name: str, token: str, resumed: bool, wanted: Doc, found: Doc | None = None) -> Doc:
        """found: the properties it was found to have, where an update starts from there."""
        session = self._session
        row = session.row(name)
        assert row is not None
        physical_id, old = row.physical_id, row.properties if found is None else found

        async def work() -> Doc:
            attempt = await self.attempt(name, token, resumed=resumed, kept=old)
            await hooking.before(session, row, "UPDATE", token, wanted, old)
            return {**await session.handlers.update(attempt, physical_id, old, wanted), "properties": wanted}

        kind = session.handlers.find(row.type)
        found = await outcome(
            work, token, timeout_s=kind.timeout_s if kind is not None else 60.0, cancel=session.failing
        )
        return {"physical_id": physical_id, "properties": wanted, **found}

    async def take_in(self, name: str, physical_id: str, token: str) -> Doc:
        """Import: what is there already becomes the stack's."""
        session = self._session

        async def work() -> Doc:
            given = await self.wanted(name)
            attempt = await self.attempt(name, token, kept=given)
            found = await session.handlers.type(attempt.type).read(attempt, physical_id)
            if found is None:
                kind = session.template.resources[name].type
                raise Refusal(f"Resource of type '{kind}' with identifier '{physical_id}' was not found.")
            return {"physical_id": physical_id, "attributes": found, "properties": given}

        found = await outcome(work, token)
        return {"physical_id": physical_id, "properties": {}, "attributes": {}, **found}

    async def plan(self, name: str) -> Doc:
        """What an update has to do to a resource that exists."""
        session = self._session
        row = session.row(name)
        if row is None or session.failing.is_set():
            return {"action": "skipped"}

        async def work() -> Doc:
            wanted = await self.wanted(name)
            if not session.operation.options.get("reverts"):
                action, old = self.action(row, wanted), None
            else:
                now = await living(session.kit, await session.callers.of(session.operation), session.stack, row)
                action, old = ("replace", None) if now is None else (self.action(now, wanted), now.properties)
            if reason := self.forbidden(name, row.type, action):
                raise Refusal(reason)
            named = action == "replace" and importing.keeps_name(row.type, row.properties, wanted)
            if named and not session.operation.options.get("reverts"):
                raise Refusal(words.custom_named(row.physical_id))
            return {"action": action, "properties": wanted, "old": old, "hidden": self._hidden.get(name, [])}

        found = await outcome(work, "")
        return {"action": "invalid", "error": found["error"]} if "error" in found else found

    def forbidden(self, name: str, type: str, action: str) -> str:
        """What the stack's policy, or the one given for this update, says against it."""
        asked = {"update": "Update:Modify", "replace": "Update:Replace", "delete": "Update:Delete"}.get(action)
        policy = self._session.operation.options.get("policy") or self._session.stack.policy
        return stack_policy.denied(policy, asked, name, type) if asked else ""

    def _meant(self, row: Resource, differences: list[schemas.Difference]) -> list[schemas.Difference]:
        """None, if they are only what dynamic references resolve to anew.

        New secrets come with a resource that changes otherwise, and nothing new comes of a template that is the same.
        """
        before, now = self._session.stable, self._session.version
        if before is None or before.values != now.values:
            return differences
        renewed = b"{{resolve:" if before.processed == now.processed else b"{{resolve:secretsmanager:"
        old, new = (version.processed["Resources"].get(row.logical_id, {}) for version in (before, now))
        said, says = old.get("Properties") or {}, new.get("Properties") or {}

        def is_renewed(name: str) -> bool:
            return said.get(name) == says.get(name) and renewed in orjson.dumps(says.get(name), default=str)

        return [] if all(is_renewed(one.property) for one in differences) else differences

    def action(self, row: Resource, wanted: Doc) -> str:
        differences = self._meant(row, schemas.difference(row.type, row.properties, wanted))
        if properties.is_custom(row.type):
            return "update" if differences or row.status == "UPDATE_FAILED" else "none"
        kind = self._session.handlers.find(row.type)
        if row.type == NESTED:
            return "update"  # whether anything of it changes is for itself to find out
        if not differences:
            if row.status == "UPDATE_FAILED":
                return "update"  # what of it was applied is not known
            stale = self._session.stack.tags != self._session.stable_tags
            return "update" if stale and kind is not None and properties.is_tagged(kind) else "none"
        if any(one.requires_recreation == "Always" for one in differences):
            return "replace"
        return "replace" if kind is not None and kind.replaces(row.properties, wanted) else "update"

    async def attempt(
        self,
        name: str,
        token: str,
        *,
        resumed: bool = False,
        kept: Doc | None = None,
        on_made: Any = None,
        replaces: bool = False,
    ) -> Attempt:
        session = self._session
        resource = session.template.resources[name]
        return attempt(
            session,
            name,
            resource.type,
            token,
            resumed=resumed,
            kept=kept,
            on_made=on_made,
            replaces=replaces,
            caller=await session.callers.of(session.operation),
            policy=await self._policy("CreationPolicy", resource.creation_policy),
            update_policy=await self._policy("UpdatePolicy", resource.update_policy),
        )

    async def _policy(self, name: str, given: Any) -> Doc:
        if not given:
            return {}
        policy = await template.evaluate(given, await self._session.scope())
        if not isinstance(policy, dict):
            raise Refusal(f"{name} must be an object")
        return policy


def attempt(
    session: Session,
    logical_id: str,
    type: str,
    token: str,
    *,
    caller: Any,
    resumed: bool = False,
    kept: Doc | None = None,
    on_made: Any = None,
    policy: Doc | None = None,
    update_policy: Doc | None = None,
    restore: bool = False,
    replaces: bool = False,
) -> Attempt:
    """What a handler works with. `replaces`: something else made for this logical id is still there, with its tags."""
    stack = session.stack
    tags = {
        **(session.stable_tags if restore else stack.tags),
        "aws:cloudformation:stack-id": stack.id,
        "aws:cloudformation:stack-name": stack.name,
        "aws:cloudformation:logical-id": logical_id,
        **({REPLACEMENT: token} if replaces else {}),
    }
    return Attempt(
        session.kit.call,
        caller,
        token,
        stack_id=stack.id,
        stack_name=stack.name,
        logical_id=logical_id,
        resumed=resumed,
        stack_tags=tags,
        former_tags=frozenset({*session.stable_tags, *session.version.tags}),
        kept=kept or {},
        update_policy=update_policy or {},
        on_made=on_made,
        type=type,
        operation=session.operation.id,
        root_id=stack.root_id or stack.id,
        notification_arns=tuple(stack.notification_arns),
        creation_policy=policy or {},
        restore=restore,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
