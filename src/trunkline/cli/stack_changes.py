"""What changed between two templates, resource by resource, and as text."""

import difflib
from typing import Any

import orjson

Doc = dict[str, Any]
_SECTIONS = ("Parameters", "Mappings", "Conditions", "Rules", "Resources", "Outputs")


def changes(old: Doc, new: Doc) -> list[Doc]:
    """Each thing that was added, removed or changed, with the paths that changed in it."""
    found: list[Doc] = []
    for section in _SECTIONS:
        before, after = old.get(section) or {}, new.get(section) or {}
        for name in sorted({*before, *after}):
            change = {"section": section, "name": name}
            if name not in before:
                found.append({**change, "action": "add", **_type(after[name])})
            elif name not in after:
                found.append({**change, "action": "remove", **_type(before[name])})
            elif paths := list(_paths(before[name], after[name], "")):
                found.append({**change, "action": "change", **_type(after[name]), "paths": paths})
    return found


def summary(found: list[Doc]) -> str:
    """ "+1 ~2 -0" of resources."""
    counts = dict.fromkeys(("add", "change", "remove"), 0)
    for one in found:
        if one["section"] == "Resources":
            counts[one["action"]] += 1
    return f"+{counts['add']} ~{counts['change']} -{counts['remove']}"


def lines(found: list[Doc]) -> list[str]:
    """For people."""
    told: list[str] = []
    for one in found:
        mark = {"add": "+", "remove": "-", "change": "~"}[one["action"]]
        kind = f" ({one['type']})" if one.get("type") else ""
        told.append(f"{mark} {one['section']}/{one['name']}{kind}")
        for path in one.get("paths", ()):
            told.append(f"    {path['path']}: {_short(path['old'])} -> {_short(path['new'])}")
    return told


def text(old: str, new: str, before: str, after: str) -> list[str]:
    """A unified diff of the templates as they were given."""
    return [
        line.rstrip("\n")
        for line in difflib.unified_diff(old.splitlines(), new.splitlines(), before, after, lineterm="")
    ]


def _type(node: Any) -> Doc:
    return {"type": node["Type"]} if isinstance(node, dict) and isinstance(node.get("Type"), str) else {}


def _paths(old: Any, new: Any, at: str) -> list[Doc]:
    if old == new:
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        found: list[Doc] = []
        for key in [*old, *(key for key in new if key not in old)]:
            found += _paths(old.get(key), new.get(key), f"{at}/{key}")
        return found
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [one for index in range(len(old)) for one in _paths(old[index], new[index], f"{at}/{index}")]
    return [{"path": at or "/", "old": old, "new": new}]


def _short(value: Any) -> str:
    written = "(none)" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()
    return written if len(written) <= 60 else written[:59] + "…"
