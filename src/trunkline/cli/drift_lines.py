"""Drift as lines for people: a table of differences with their causes, and the patch that would keep them."""

from typing import Any

import yaml

Doc = dict[str, Any]
FOUND = 2  # the exit code when something has drifted
_VALUE = 40


def table(stacks: list[Doc], told: set[tuple[str, ...]] | None = None) -> list[str]:
    """One line for each difference; those already `told` are left out, and noted otherwise."""
    rows: list[tuple[str, ...]] = []
    checked = sum(one["checked"] for one in stacks)
    for stack in stacks:
        for resource in stack["drifted"]:
            for row in _rows(stack["stack"], resource):
                if told is not None:
                    if row in told:
                        continue
                    told.add(row)
                rows.append(row)
    lines = [f"{stack['stack']}: {stack['failed']}" for stack in stacks if stack["failed"]]
    if not rows:
        if told is None:
            lines.append(f"No drift: {checked} resources of {len(stacks)} stacks are as their templates say.")
        return lines
    head = ("STACK", "RESOURCE", "PROPERTY", "EXPECTED", "ACTUAL", "CALL", "BY", "FROM", "WHEN", "REQUEST")
    return lines + _aligned([head, *rows] if not told or len(told) == len(rows) else rows)


def _rows(stack: str, resource: Doc) -> list[tuple[str, ...]]:
    name = f"{resource['logical_id']} ({resource['type'].removeprefix('AWS::')})"
    if resource["status"] == "DELETED":
        return [
            (stack, name, "(the resource)", resource["physical_id"][-_VALUE:], "deleted", *_cause(resource["cause"]))
        ]
    return [
        (stack, name, one["path"], _short(one["expected"]), _short(one["actual"]), *_cause(one["cause"]))
        for one in resource["differences"]
    ]


def _cause(cause: Doc | None) -> tuple[str, ...]:
    if cause is None:
        return ("no call on record", "", "", "", "")
    call = f"{cause['service'].split('.', 1)[0]}:{cause['operation']}"
    who = cause["principal"].split("::", 1)[-1]
    return (call, who, cause["source"], cause["time"][:19] + "Z", cause["request_id"])


def unowned_lines(found: Doc) -> list[str]:
    """Resources of no stack with who made them."""
    rows = [(one["type"], one["physical_id"], *_cause(one["creator"])) for one in found["resources"]]
    if not rows:
        return ["Every resource made by hand belongs to a stack."]
    head = ("IN NO STACK", "ID", "MADE BY CALL", "BY", "FROM", "WHEN", "REQUEST")
    return ["", *_aligned([head, *rows])]


def adoption(drifted: list[Doc]) -> tuple[Doc, list[str]]:
    """A JSON merge patch of the template, and the same as YAML to read."""
    resources: Doc = {}
    gone: list[str] = []
    for one in drifted:
        if one["status"] == "DELETED":
            resources[one["logical_id"]] = None
            gone.append(one["logical_id"])
        else:
            resources[one["logical_id"]] = {"Properties": one["actual"]}
    patch: Doc = {"Resources": resources} if resources else {}
    if not patch:
        return {}, []
    shown = {name: value for name, value in resources.items() if value is not None}
    lines = [f"# {name} was deleted: take it out of the template" for name in gone]
    if shown:
        text = yaml.safe_dump({"Resources": shown}, sort_keys=False, default_flow_style=False)
        lines += text.rstrip().splitlines()
    return patch, lines


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _VALUE else flat[: _VALUE - 1] + "…"


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
