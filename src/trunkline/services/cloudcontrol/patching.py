"""JSON Patch on a resource's properties.

https://datatracker.ietf.org/doc/html/rfc6902
"""

import copy
from typing import Any

import orjson

Doc = dict[str, Any]


class PatchError(Exception):
    """A patch that cannot be read or does not fit; the message is for the caller."""


def parsed(text: str) -> list[Doc]:
    """The operations of a patch document."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise PatchError(f"Invalid JSON: {error}") from error
    if not isinstance(document, list):
        raise PatchError("Patch document must be an array of operations")
    for number, operation in enumerate(document):
        if not isinstance(operation, dict) or not isinstance(operation.get("path"), str):
            raise PatchError(f"[{number}]: a patch operation is an object with op and path")
        if operation.get("op") not in _OPERATIONS:
            raise PatchError(f"[{number}]: unknown operation {operation.get('op')!r}")
        needs = "from" if operation["op"] in ("move", "copy") else "value"
        if operation["op"] != "remove" and needs not in operation:
            raise PatchError(f"[{number}]: {operation['op']} needs {needs}")
    return document


def applied(properties: Doc, operations: list[Doc]) -> Doc:
    """The properties after the patch; all of it or none."""
    root: Doc = {"": copy.deepcopy(properties)}
    for operation in operations:
        _OPERATIONS[operation["op"]](root, operation)
    found = root.get("")
    if not isinstance(found, dict):
        raise PatchError("the patch leaves no properties")
    return found


def _add(root: Doc, operation: Doc) -> None:
    parent, key = _parent(root, operation["path"])
    value = copy.deepcopy(operation["value"])
    if isinstance(parent, list):
        parent.insert(len(parent) if key == "-" else _index(key, len(parent) + 1, operation["path"]), value)
    else:
        parent[key] = value


def _remove(root: Doc, operation: Doc) -> None:
    _taken(root, operation["path"])


def _replace(root: Doc, operation: Doc) -> None:
    parent, key = _parent(root, operation["path"])
    _at(parent, key, operation["path"])
    if isinstance(parent, list):
        parent[int(key)] = copy.deepcopy(operation["value"])
    else:
        parent[key] = copy.deepcopy(operation["value"])


def _move(root: Doc, operation: Doc) -> None:
    value = _taken(root, operation["from"])
    _add(root, {"path": operation["path"], "value": value})


def _copy(root: Doc, operation: Doc) -> None:
    parent, key = _parent(root, operation["from"])
    _add(root, {"path": operation["path"], "value": _at(parent, key, operation["from"])})


def _test(root: Doc, operation: Doc) -> None:
    parent, key = _parent(root, operation["path"])
    if _at(parent, key, operation["path"]) != operation["value"]:
        raise PatchError(f"test failed at {operation['path']}")


_OPERATIONS = {"add": _add, "remove": _remove, "replace": _replace, "move": _move, "copy": _copy, "test": _test}


def _taken(root: Doc, path: str) -> Any:
    parent, key = _parent(root, path)
    _at(parent, key, path)
    return parent.pop(int(key)) if isinstance(parent, list) else parent.pop(key)


def _parent(root: Doc, path: str) -> tuple[Any, str]:
    if path and not path.startswith("/"):
        raise PatchError(f"{path} is no JSON pointer")
    pieces = [piece.replace("~1", "/").replace("~0", "~") for piece in path.split("/")]
    parent: Any = root
    for piece in pieces[:-1]:
        parent = _at(parent, piece, path)
    if not isinstance(parent, (dict, list)):
        raise PatchError(f"there is nothing at {path}")
    return parent, pieces[-1]


def _at(parent: Any, key: str, path: str) -> Any:
    if isinstance(parent, list):
        return parent[_index(key, len(parent), path)]
    if isinstance(parent, dict) and key in parent:
        return parent[key]
    raise PatchError(f"there is nothing at {path}")


def _index(key: str, size: int, path: str) -> int:
    if not key.isdigit() or int(key) >= size:
        raise PatchError(f"there is no element {key} at {path}")
    return int(key)
