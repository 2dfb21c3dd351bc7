"""What applying a template would do to a stack's resources, as DescribeChangeSet tells it.

Values are evaluated with what is known now; what depends on a resource that is yet to be made or replaced is not, and
makes a change `Dynamic` and a replacement `Conditional`.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from trunkline.aws import schemas
from trunkline.aws.service import Caller, Kit
from trunkline.services.cloudformation import store, template
from trunkline.services.cloudformation.drift.living import living
from trunkline.services.cloudformation.model import Resource, Stack, Version
from trunkline.services.cloudformation.preparing import refusing
from trunkline.services.cloudformation.preparing.prepare import Prepared
from trunkline.services.cloudformation.preparing.properties import is_tagged, typed
from trunkline.services.cloudformation.preparing.scope import Known, StackScope

Doc = dict[str, Any]
STACK = "AWS::CloudFormation::Stack"
HIDDEN = "****"


@dataclass(slots=True)
class Changes:
    """Works out the changes of one prepared template; `run` gives the ResourceChange documents.

    reverts: from what the resources are now instead of what they were last asked to be. wanted: their properties, as
    far as they are known now.
    """

    kit: Kit
    caller: Caller
    stack: Stack
    prepared: Prepared
    previous: Version | None
    imports: Mapping[str, str] = field(default_factory=dict)
    rows: dict[str, Resource] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    wanted: dict[str, Doc] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    reverts: bool = False

    async def run(self) -> list[Doc]:
        rows = store.of_stack(self.kit.db, self.stack.id)
        self.rows = {name: row for name, row in rows.items() if row.status != "DELETE_COMPLETE"}
        if self.reverts:
            now = {name: await living(self.kit, self.caller, self.stack, row) for name, row in self.rows.items()}
            self.rows = {name: row for name, row in now.items() if row is not None}
        old = template.Template(self.previous.processed) if self.previous is not None else None
        scope = StackScope(
            self.kit,
            self.caller,
            self.stack.id,
            self.stack.name,
            tuple(self.stack.notification_arns),
            self.prepared.template,
            self.prepared.values,
            self.prepared.conditions,
            self.known,
            secrets=self.secrets,
        )
        found: dict[str, Doc] = {}
        for name in template.order(self.prepared.waits):
            change = await self._one(name, old, scope)
            if change is not None:
                found[name] = change
        for name, row in self.rows.items():
            if name not in self.prepared.waits:
                found[name] = self._removed(row)
        return [found[name] for name in sorted(found)]

    async def _one(self, name: str, old: "template.Template | None", scope: StackScope) -> Doc | None:
        resource, row = self.prepared.template.resources[name], self.rows.get(name)
        wanted = typed(resource.type, await template.evaluate(resource.properties or {}, scope))
        self.wanted[name] = wanted
        if row is None:
            imported = self.imports.get(name)
            self.known[name] = Known(imported or "", {}, wanted, unknown="" if imported else name)
            return {
                "Action": "Import" if imported else "Add",
                "LogicalResourceId": name,
                "PhysicalResourceId": imported,
                "ResourceType": resource.type,
                "Scope": [],
                "Details": [],
                "AfterContext": self._context(wanted, resource),
            }
        differences = schemas.difference(row.type, row.properties, wanted)
        details = [self._detail(name, one, old, resource) for one in differences]
        details += self._attributes(row, resource)
        if not differences and self._tags_differ(row):
            details.append(_target("Tags", None, "Never", "DirectModification"))
        if not details and row.type == STACK:
            details.append(_target("Properties", None, "Never", "Automatic", evaluation="Dynamic"))
        replacement = self._replacement(row, wanted, differences)
        self.known[name] = Known(
            row.physical_id, row.attributes, row.properties, unknown=name if replacement != "False" else ""
        )
        if not details:
            return None
        policy = "Retain" if resource.update_replace_policy in ("Retain", "Snapshot") else "Delete"
        return {
            "PolicyAction": f"ReplaceAnd{policy}" if replacement == "True" else None,
            "Action": "Modify",
            "LogicalResourceId": name,
            "PhysicalResourceId": row.physical_id,
            "ResourceType": row.type,
            "Replacement": replacement,
            "Scope": list(dict.fromkeys(one["Target"]["Attribute"] for one in details)),
            "Details": details,
            "BeforeContext": self._context(row.properties, row),
            "AfterContext": self._context(wanted, resource),
        }

    def _removed(self, row: Resource) -> Doc:
        return {
            "PolicyAction": "Retain" if row.deletion_policy in ("Retain", "RetainExceptOnCreate") else "Delete",
            "Action": "Remove",
            "LogicalResourceId": row.logical_id,
            "PhysicalResourceId": row.physical_id,
            "ResourceType": row.type,
            "Scope": [],
            "Details": [],
            "BeforeContext": self._context(row.properties, row),
        }

    def _replacement(self, row: Resource, wanted: Doc, differences: list[schemas.Difference]) -> str:
        always = [one for one in differences if one.requires_recreation == "Always"]
        if any(not template.is_unknown(one.new) for one in always):
            return "True"
        kind = refusing.find(self.kit, row.type)
        if (
            kind is not None
            and differences
            and not template.is_unknown(wanted)
            and kind.replaces(row.properties, wanted)
        ):
            return "True"
        if always or any(one.requires_recreation == "Conditionally" for one in differences):
            return "Conditional"
        return "False"

    def _detail(
        self, name: str, one: schemas.Difference, old: "template.Template | None", resource: "template.Resource"
    ) -> Doc:
        source, entity = self._cause(name, one.property, old, resource)
        schema = schemas.load(resource.type)
        is_tag = schema is not None and one.property == schema.tag_property
        dynamic = template.is_unknown(one.new)
        found = _target(
            "Tags" if is_tag else "Properties",
            None if is_tag else one.property,
            one.requires_recreation,
            source,
            entity=entity,
            evaluation="Dynamic" if dynamic else "Static",
        )
        change = {"ADD": "Add", "REMOVE": "Remove"}.get(one.kind, "Modify")
        found["Target"] |= {
            "Path": f"/Properties{one.path}",
            "BeforeValue": self._text(one.old),
            "AfterValue": self._text(one.new),
            "AttributeChangeType": change,
        }
        return found

    def _cause(
        self, name: str, property: str, old: "template.Template | None", resource: "template.Resource"
    ) -> tuple[str, str | None]:
        """Where a change comes from: another resource, a parameter, or the template itself."""
        value = resource.properties.get(property) if isinstance(resource.properties, dict) else None
        for reference in template.references(value, self.prepared.conditions):
            known = self.known.get(reference.name)
            if known is not None and known.unknown:
                if reference.attribute is None:
                    return "ResourceReference", reference.name
                return "ResourceAttribute", f"{reference.name}.{reference.attribute}"
        before = old.resources.get(name) if old is not None else None
        same = before is not None and isinstance(before.properties, dict) and before.properties.get(property) == value
        if same and self.previous is not None:
            for reference in template.references(value, self.prepared.conditions):
                if self.previous.values.get(reference.name) != self.prepared.values.get(reference.name):
                    return "ParameterReference", reference.name
        return "DirectModification", None

    @staticmethod
    def _attributes(row: Resource, resource: "template.Resource") -> Iterable[Doc]:
        if row.metadata != (resource.metadata or {}):
            yield _target("Metadata", None, "Never", "DirectModification")
        if row.deletion_policy != (resource.deletion_policy or ""):
            yield _target("DeletionPolicy", None, "Never", "DirectModification")
        if row.update_replace_policy != (resource.update_replace_policy or ""):
            yield _target("UpdateReplacePolicy", None, "Never", "DirectModification")

    def _tags_differ(self, row: Resource) -> bool:
        kind = refusing.find(self.kit, row.type)
        before = self.previous.tags if self.previous is not None else {}
        return before != self.stack.tags and kind is not None and is_tagged(kind)

    def _text(self, value: Any) -> str | None:
        if value is schemas.ABSENT or value is None:
            return None
        return self._hidden(value if isinstance(value, str) else orjson.dumps(value, default=str).decode())

    def _context(self, properties: Doc, of: Any) -> str:
        shown: Doc = {"Properties": properties}
        if of.metadata:
            shown["Metadata"] = of.metadata
        if of.deletion_policy:
            shown["DeletionPolicy"] = of.deletion_policy
        if of.update_replace_policy:
            shown["UpdateReplacePolicy"] = of.update_replace_policy
        return self._hidden(orjson.dumps(_as_text(shown), default=str).decode())

    def _hidden(self, text: str) -> str:
        given = [self.prepared.values.get(name) for name in self.prepared.no_echo]
        kept = [secret for row in self.rows.values() for secret in row.hidden]
        for secret in (*given, *kept, *self.secrets):
            if isinstance(secret, str) and secret:
                text = text.replace(secret, HIDDEN)
        return text


def _as_text(value: Any) -> Any:
    """AWS shows every scalar of a context as a text."""
    if isinstance(value, dict):
        return {key: _as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _target(
    attribute: str,
    name: str | None,
    recreation: str,
    source: str,
    *,
    entity: str | None = None,
    evaluation: str = "Static",
) -> Doc:
    return {
        "Target": {"Attribute": attribute, "Name": name, "RequiresRecreation": recreation},
        "Evaluation": evaluation,
        "ChangeSource": source,
        "CausingEntity": entity,
    }
