"""Which resource waits for which, and the refusal of what could never be ordered."""

from collections.abc import Mapping
from typing import Any

from trunkline.services.cloudformation.template.errors import TemplateError
from trunkline.services.cloudformation.template.model import Template
from trunkline.services.cloudformation.template.references import references


def active(template: Template, conditions: Mapping[str, bool]) -> list[str]:
    """The logical ids whose condition holds, in the template's order."""
    return [
        name
        for name, resource in template.resources.items()
        if resource.condition is None or conditions.get(resource.condition, False)
    ]


def graph(template: Template, conditions: Mapping[str, bool]) -> dict[str, set[str]]:
    """For each resource that is to exist, those it waits for. Raises TemplateError when there is no order."""
    exist = set(active(template, conditions))
    waits: dict[str, set[str]] = {}
    unresolved: dict[str, None] = {}
    for name, resource in template.resources.items():
        if name not in exist:
            continue
        needed = set(resource.depends_on) & exist
        unresolved.update(dict.fromkeys(item for item in resource.depends_on if item not in template.resources))
        for reference in references(resource.references, conditions):
            if reference.name in exist:
                needed.add(reference.name)
            elif not reference.name.startswith("AWS::") and reference.name not in template.parameters:
                unresolved[reference.name] = None
        waits[name] = needed
    if unresolved:
        raise unresolved_in("Resources", list(unresolved))
    for output in template.outputs.values():
        if output.condition is not None and not conditions.get(output.condition, False):
            continue
        for reference in references([output.value, output.export], conditions):
            if not _known(reference.name, exist, template):
                unresolved[reference.name] = None
    if unresolved:
        raise unresolved_in("Outputs", list(unresolved))
    refuse_cycles(waits)
    return waits


def _known(name: str, exist: set[str], template: Template) -> bool:
    return name in exist or name.startswith("AWS::") or name in template.parameters


def unresolved_in(section: str, names: list[str]) -> TemplateError:
    listed = ", ".join(names)
    return TemplateError(
        f"Template format error: Unresolved resource dependencies [{listed}] in the {section} block of the template"
    )


def refuse_cycles(waits: Mapping[str, set[str]]) -> None:
    """Raise with AWS's message, naming every resource that is on a circle, in the template's order."""
    circular = on_circles(waits)
    if circular:
        raise TemplateError(f"Circular dependency between resources: [{', '.join(circular)}]")


def on_circles(waits: Mapping[str, Any]) -> list[str]:
    """The nodes that reach themselves: the strongly connected parts with more than one node, or with a loop."""
    left = {node: set(needed) for node, needed in waits.items()}
    _peel(left)
    turned: dict[str, set[str]] = {node: set() for node in left}
    for node, needed in left.items():
        for item in needed:
            turned[item].add(node)
    _peel(turned)
    kept = {node: left[node] & turned.keys() for node in turned}
    return [node for node in waits if node in kept and _reaches(node, node, kept)]


def _peel(left: dict[str, set[str]]) -> None:
    """Take away, again and again, what waits for nothing that is left."""
    while free := [node for node, needed in left.items() if not needed & left.keys()]:
        for node in free:
            del left[node]
    for needed in left.values():
        needed.intersection_update(left.keys())


def _reaches(start: str, goal: str, waits: Mapping[str, set[str]]) -> bool:
    seen: set[str] = set()
    at = list(waits[start])
    while at:
        node = at.pop()
        if node == goal:
            return True
        if node not in seen:
            seen.add(node)
            at.extend(waits[node])
    return False


def order(waits: Mapping[str, set[str]]) -> list[str]:
    """One valid order of creation."""
    left = {node: set(needed) for node, needed in waits.items()}
    made: list[str] = []
    done: set[str] = set()
    while left:
        free = [node for node, needed in left.items() if needed <= done]
        if not free:
            refuse_cycles(waits)
        for node in free:
            del left[node]
        done.update(free)
        made += free
    return made
