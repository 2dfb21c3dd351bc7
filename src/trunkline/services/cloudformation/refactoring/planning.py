"""Which resource of the new templates is which of the old ones, and whether it really stays as it is."""

from dataclasses import dataclass
from typing import Any

from trunkline.aws import schemas
from trunkline.aws.service import Caller, Kit
from trunkline.services.cloudformation import store, template
from trunkline.services.cloudformation.model import Resource, Stack, Version
from trunkline.services.cloudformation.preparing.prepare import Prepared
from trunkline.services.cloudformation.preparing.properties import typed
from trunkline.services.cloudformation.preparing.scope import Known, StackScope
from trunkline.services.cloudformation.preparing.sources import bad
from trunkline.services.cloudformation.refactoring.model import Move

Doc = dict[str, Any]


class Impossible(Exception):
    """The reason for which a refactoring is CREATE_FAILED."""


@dataclass(slots=True)
class Side:
    """One stack as it is and as it is to be."""

    stack: Stack
    prepared: Prepared
    previous: Version | None
    rows: dict[str, Resource]


class _LenientScope(StackScope):
    """An export that the refactoring itself will make is not known yet."""

    async def import_value(self, name: str) -> Any:
        try:
            return await StackScope.import_value(self, name)
        except template.TemplateError as error:
            raise template.Unknown(name) from error


def moves(sides: list[Side], mappings: list[Doc]) -> list[Move]:
    """Given ones first, then those that can be told from type and properties. Raises Impossible."""
    by_name = {side.stack.name: side for side in sides}
    leaving = {
        (side.stack.name, name): row
        for side in sides
        for name, row in side.rows.items()
        if name not in side.prepared.waits
    }
    arriving = {
        (side.stack.name, name): side for side in sides for name in side.prepared.waits if name not in side.rows
    }
    found: list[Move] = []
    for one in mappings:
        source = (one["Source"]["StackName"].split("/")[-2:][0], one["Source"]["LogicalResourceId"])
        destination = (one["Destination"]["StackName"].split("/")[-2:][0], one["Destination"]["LogicalResourceId"])
        row, side = leaving.pop(source, None), arriving.pop(destination, None)
        if row is None or side is None:
            raise bad(f"The mapping of {'.'.join(source)} to {'.'.join(destination)} does not fit the templates.")
        found.append(_move(row, by_name[source[0]], side, destination[1], manual=True))
    for (stack_name, name), side in list(arriving.items()):
        match = _match(side, name, leaving, by_name)
        if match is not None:
            del arriving[stack_name, name]
            found.append(_move(leaving.pop(match), by_name[match[0]], side, name, manual=False))
    strangers = [f"{stack}.{name}" for stack, name in [*arriving, *leaving]]
    if strangers:
        raise Impossible(
            "Stack Refactor does not support modifying, creating, or deleting resources. Resources without a "
            f"counterpart: [{', '.join(sorted(strangers))}]"
        )
    if not found:
        raise Impossible("The stack definitions move no resource.")
    return found


def _match(
    side: Side, name: str, leaving: dict[tuple[str, str], Resource], by_name: dict[str, Side]
) -> tuple[str, str] | None:
    """The one resource that leaves with this type and these properties; by name among several."""
    wanted = side.prepared.template.resources[name]
    like = []
    for place, row in leaving.items():
        previous = by_name[place[0]].previous
        if row.type != wanted.type or previous is None:
            continue
        before = template.Template(previous.processed).resources[place[1]]
        if (before.properties or {}) == (wanted.properties or {}):
            like.append(place)
    same_name = [place for place in like if place[1] == name]
    if not like:
        like = [place for place, row in leaving.items() if row.type == wanted.type and place[1] == name]
    chosen = same_name or like
    return chosen[0] if len(chosen) == 1 else None


def _move(row: Resource, source: Side, destination: Side, name: str, *, manual: bool) -> Move:
    return Move(source.stack.id, row.logical_id, destination.stack.id, name, row.physical_id, row.type, manual=manual)


async def unchanged(kit: Kit, caller: Caller, sides: list[Side], found: list[Move]) -> None:
    """Raises Impossible when a resource would not stay as it is."""
    rows_of = {side.stack.id: side.rows for side in sides}
    for side in sides:
        rows = {name: row for name, row in side.rows.items() if name in side.prepared.waits}
        for move in found:
            if move.destination == side.stack.id:
                rows[move.logical_id] = rows_of[move.source][move.source_logical_id]
        known = {name: Known(row.physical_id, row.attributes, row.properties) for name, row in rows.items()}
        scope = _LenientScope(
            kit,
            caller,
            side.stack.id,
            side.stack.name,
            (),
            side.prepared.template,
            side.prepared.values,
            side.prepared.conditions,
            known,
        )
        for name, row in rows.items():
            resource = side.prepared.template.resources[name]
            wanted = typed(resource.type, await template.evaluate(resource.properties or {}, scope))
            different = [
                one for one in schemas.difference(row.type, row.properties, wanted) if not template.is_unknown(one.new)
            ]
            if different or row.type != resource.type:
                raise Impossible(
                    "Stack Refactor does not support modifying, creating, or deleting resources. Modified: "
                    f"[{side.stack.name}.{name}]"
                )


def rows_of(kit: Kit, stack: Stack) -> dict[str, Resource]:
    found = store.of_stack(kit.db, stack.id)
    return {name: row for name, row in found.items() if row.status not in ("DELETE_COMPLETE", "DELETE_SKIPPED")}
