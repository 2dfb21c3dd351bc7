"""A stack's outputs and exports: evaluated when its resources stand, guarded while others import them."""

from typing import Any

from trunkline.core.db import Tx
from trunkline.services.cloudformation import store, template
from trunkline.services.cloudformation.model import Export, Output, Stack
from trunkline.services.cloudformation.template.errors import text_of
from trunkline.services.cloudformation.workflow.handling import outcome
from trunkline.services.cloudformation.workflow.session import Session

Doc = dict[str, Any]


class ExportError(Exception):
    """An export that is taken by another stack, or in use and not to be changed."""


async def evaluated(session: Session) -> Doc:
    """A step: {"outputs": [...], "imports": [...]} or {"error": …}."""

    async def work() -> Doc:
        scope = await session.scope()
        found: list[Doc] = []
        for name, output in session.template.outputs.items():
            if output.condition and not session.version.conditions.get(output.condition, True):
                continue
            value = await template.evaluate(output.value, scope)
            export = await template.evaluate(output.export, scope) if output.export is not None else ""
            if isinstance(export, dict):
                export = export.get("Name", "")
            description = await template.evaluate(output.description, scope) if output.description else ""
            if not isinstance(value, (str, int, float, bool)):
                raise template.TemplateError(
                    f"Template format error: Output {name} is malformed. The Value field of every Outputs member must "
                    "evaluate to a String."
                )
            found.append({"key": name, "value": text_of(value), "description": str(description), "export": str(export)})
        imports = [await template.evaluate(name, scope) for name in imported(session.version.processed)]
        return {"outputs": found, "imports": sorted({str(name) for name in imports})}

    return await outcome(work, "")


def imported(value: Any) -> list[Any]:
    """The names in every Fn::ImportValue of a template."""
    if isinstance(value, dict):
        found = [value["Fn::ImportValue"]] if "Fn::ImportValue" in value else []
        for one in value.values():
            found += imported(one)
        return found
    return [name for one in value for name in imported(one)] if isinstance(value, list) else []


def write(tx: Tx, stack: Stack, found: Doc) -> None:
    """Put outputs, exports and imports in place. Raises ExportError with the reason in words."""
    stack.outputs = [Output(**one) for one in found["outputs"]]
    wanted = {one.export: one.value for one in stack.outputs if one.export}
    for export in store.exports.find(tx, prefix=(stack.account, stack.region), stack_id=stack.id):
        users = importers(tx, stack, export.name)
        if export.name not in wanted:
            if users:
                raise ExportError(f"Export {export.name} cannot be deleted as it is in use by {listed(users)}")
            store.exports.delete(tx, stack.account, stack.region, export.name)
        elif export.value != wanted[export.name] and users:
            raise ExportError(f"Export {export.name} cannot be updated as it is in use by {listed(users)}")
    for name, value in wanted.items():
        other = store.exports.get(tx, stack.account, stack.region, name)
        if other is not None and other.stack_id != stack.id:
            owner = other.stack_id.split("/")[1]
            raise ExportError(
                f"Export with name {name} is already exported by stack {owner}. Exports must be unique within a Region."
            )
        store.exports.put(tx, Export(stack.account, stack.region, name, value, stack.id))
    for used in store.imports.find(tx, prefix=(stack.account, stack.region), stack_id=stack.id):
        if used.name not in found["imports"]:
            store.imports.delete(tx, used.account, used.region, used.name, used.stack_id)


def importers(tx: Any, stack: Stack, name: str) -> list[str]:
    """The names of the other stacks that use an export."""
    used = store.imports.find(tx, prefix=(stack.account, stack.region, name))
    return [one.stack_name for one in used if one.stack_id != stack.id]


def listed(names: list[str]) -> str:
    """A, B and C."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def in_use(tx: Any, stack: Stack) -> str:
    """The sentence for which this stack cannot be deleted, or nothing."""
    for export in store.exports.find(tx, prefix=(stack.account, stack.region), stack_id=stack.id):
        if users := importers(tx, stack, export.name):
            return f"Delete canceled. Cannot delete export {export.name} as it is in use by {listed(users)}."
    return ""


def forget(tx: Tx, stack: Stack) -> None:
    """A deleted stack exports and imports nothing."""
    for export in store.exports.find(tx, prefix=(stack.account, stack.region), stack_id=stack.id):
        store.exports.delete(tx, export.account, export.region, export.name)
    for used in store.imports.find(tx, prefix=(stack.account, stack.region), stack_id=stack.id):
        store.imports.delete(tx, used.account, used.region, used.name, used.stack_id)
