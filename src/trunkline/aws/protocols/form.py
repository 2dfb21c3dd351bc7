"""The query protocols' requests: a form whose dotted names spell out nested structures.

`Tags.member.1.Key=a` becomes a tree of dicts; closures made from the shapes turn it into members with their Python
names, with scalars still as text; the type conversion is left to `wire.converter`.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from trunkline.aws.models import Member, Shape
from trunkline.aws.models.scalars import Mismatch

Tree = dict[str, Any]
Build = Callable[[Any, str], Any]


def parameters(body: str) -> dict[str, str]:
    """The form's parameters; of a repeated one the last counts."""
    found: dict[str, str] = {}
    for pair in body.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if "%" in name or "+" in name:
            name = unquote_plus(name)
        found[name] = unquote_plus(value) if "%" in value or "+" in value else value
    return found


def tree_of(form: Mapping[str, str]) -> Tree:
    """Nest dotted names. A name that is both a value and a prefix keeps what is nested."""
    tree: Tree = {}
    for name, value in form.items():
        if "." not in name:
            if name not in tree:
                tree[name] = value
            continue
        *path, last = name.split(".")
        node = tree
        for step in path:
            inner = node.get(step)
            if not isinstance(inner, dict):
                inner = node[step] = {}
            node = inner
        if not isinstance(node.get(last), dict):
            node[last] = value
    return tree


def compile_form(shape: Shape, *, ec2: bool) -> Callable[[Tree], Tree]:
    """The function that turns a tree into a structure's members."""
    build = _Compiler(ec2=ec2).structure(shape)
    return lambda tree: build(tree, "")


class _Compiler:
    def __init__(self, *, ec2: bool) -> None:
        self._ec2 = ec2
        self._structures: dict[Shape, Build] = {}

    def structure(self, shape: Shape) -> Build:
        if shape in self._structures:
            return self._structures[shape]
        table: dict[str, tuple[str, Build | None]] = {}

        def build(tree: Any, path: str) -> Tree:
            if not isinstance(tree, dict):
                if tree == "":
                    return {}
                raise Mismatch("structure", tree, path)
            found: Tree = {}
            for key, value in tree.items():
                entry = table.get(key)
                if entry is not None:
                    name, inner = entry
                    found[name] = value if inner is None else inner(value, f"{path}.{key}" if path else key)
            return found

        self._structures[shape] = build
        for member in shape.members.values():
            table[self._name(member)] = (member.name, self.value(member))
        return build

    def value(self, member: Member) -> Build | None:
        """None for scalars, which stay as they are."""
        match member.shape.type:
            case "structure":
                return self.structure(member.shape)
            case "list":
                return self._list(member)
            case "map":
                return self._map(member)
        return None

    def _name(self, member: Member) -> str:
        if not self._ec2:
            if member.shape.type == "list" and member.flattened and member.shape.member.location_name:
                return member.shape.member.location_name
            return member.wire_name
        if name := member.traits.get("queryName"):
            return str(name)
        name = member.location_name
        return name[:1].upper() + name[1:] if name else member.name

    def _list(self, member: Member) -> Build:
        inner = self.value(member.shape.member)
        flat = self._ec2 or member.flattened
        wrapper = member.shape.member.location_name or "member"

        def build(tree: Any, path: str) -> list[Any]:
            if tree == "":
                return []
            if not isinstance(tree, dict):
                raise Mismatch("list", tree, path)
            numbered: Any = tree
            if not flat:
                # Some clients number elements without the model's name for them; AWS takes that too.
                numbered = tree.get(wrapper, tree.get("member", tree))
                if numbered == "":
                    return []
                if not isinstance(numbered, dict):
                    raise Mismatch("list", numbered, path)
            elements = _in_order(numbered, path)
            if inner is None:
                return elements
            return [inner(element, f"{path}.{index}") for index, element in enumerate(elements, 1)]

        return build

    def _map(self, member: Member) -> Build:
        key_name = member.shape.key.location_name or "key"
        value_name = member.shape.value.location_name or "value"
        inner = self.value(member.shape.value)
        flat = member.flattened

        def build(tree: Any, path: str) -> Tree:
            if tree == "":
                return {}
            if not isinstance(tree, dict):
                raise Mismatch("map", tree, path)
            entries = tree if flat else tree.get("entry", {})
            if not isinstance(entries, dict):
                raise Mismatch("map", entries, path)
            found: Tree = {}
            for entry in _in_order(entries, path):
                if not isinstance(entry, dict) or not isinstance(entry.get(key_name), str):
                    raise Mismatch("map", entry, path)
                value = entry.get(value_name, "")
                found[entry[key_name]] = value if inner is None else inner(value, path)
            return found

        return build


def _in_order(numbered: Tree, path: str) -> list[Any]:
    try:
        return [numbered[key] for key in sorted(numbered, key=int)]
    except ValueError:
        raise Mismatch("list", numbered, path) from None
