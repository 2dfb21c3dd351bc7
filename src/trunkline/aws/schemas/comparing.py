"""Where two versions of a resource's properties differ, by path: for updates and change sets (`difference`), and for
what a template asked against what there is (`drift`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trunkline.aws.schemas import meaning
from trunkline.aws.schemas.store import Doc, Pointer, Schema, load
from trunkline.aws.schemas.typing import typed

ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "ABSENT", "__bool__": lambda _: False})()
_IDENTIFIERS = ("Key", "Name", "Id", "Sid", "Field", "LogicalId", "PolicyName", "TargetGroupArn", "Type")


@dataclass(frozen=True, slots=True)
class Difference:
    """One place: path is a JSON pointer such as "/Tags/0/Value"; `old` or `new` is ABSENT where there is none.

    requires_recreation: "Never", "Conditionally" or "Always".
    """

    path: str
    old: Any
    new: Any
    requires_recreation: str = "Never"

    @property
    def kind(self) -> str:
        """ADD, REMOVE or NOT_EQUAL, as drift results word it."""
        if self.old is ABSENT:
            return "ADD"
        return "REMOVE" if self.new is ABSENT else "NOT_EQUAL"

    @property
    def property(self) -> str:
        """The top-level property it lies in."""
        return self.path.split("/", 2)[1].replace("~1", "/").replace("~0", "~")


def difference(name: str, old: Doc, new: Doc) -> list[Difference]:
    """What an update from `old` to `new` would change, in the order of the new properties."""
    return list(_Comparison(load(name), lenient=False).objects({}, old, new, ()))


def drift(name: str, expected: Doc, actual: Doc) -> list[Difference]:
    """Where what there is departs from what was asked for.

    Only what was asked for counts: AWS fills in defaults, which differ from nothing.
    """
    schema = load(name)
    given = typed(name, expected)
    found = typed(name, {key: value for key, value in actual.items() if key in given})
    unread = {pointer[0] for pointer in schema.write_only if len(pointer) == 1} if schema else set()
    given = {key: value for key, value in given.items() if key not in unread or key in found}
    return list(_Comparison(schema, lenient=True).objects(schema.root if schema else {}, given, found, ()))


class _Comparison:
    """One walk over two values and the schema's nodes.

    lenient: the old side was asked for, the new side is what there is: members that AWS filled in are no difference,
    nor is the order of lists that are sets.
    """

    def __init__(self, schema: Schema | None, *, lenient: bool) -> None:
        self._schema = schema
        self._lenient = lenient

    def objects(self, node: Doc, old: Doc, new: Doc, at: Pointer) -> Iterator[Difference]:
        if self._schema and not at:
            node = self._schema.root
        for key in [*new, *(key for key in old if key not in new)]:
            member = self._schema.member(node, key) if self._schema else None
            before, after = old.get(key, ABSENT), new.get(key, ABSENT)
            if before is ABSENT and self._lenient and self._is_filled_in(node, key):
                continue
            if after is ABSENT and self._lenient and (_is_nothing(before) or self._is_unread((*at, key))):
                continue
            yield from self.values(member or {}, before, after, (*at, key))

    def values(self, node: Doc, old: Any, new: Any, at: Pointer) -> Iterator[Difference]:
        if old is ABSENT or new is ABSENT:
            yield self._difference(old, new, at)
            return
        plain_old, plain_new = (meaning.meant(old), meaning.meant(new)) if self._lenient else (old, new)
        if isinstance(plain_old, dict) and isinstance(plain_new, dict):
            if self._is_structured(node):
                yield from self.objects(node, plain_old, plain_new, at)
            elif not meaning.same(plain_old, plain_new):
                yield self._difference(old, new, at)
        elif isinstance(old, list) and isinstance(new, list):
            yield from self._lists(node, old, new, at)
        elif not meaning.same(old, new):
            yield self._difference(old, new, at)

    def _lists(self, node: Doc, old: list[Any], new: list[Any], at: Pointer) -> Iterator[Difference]:
        items = (self._schema.items(node) if self._schema else None) or {}
        if self._is_set(node, old, new):
            pairs = self._paired(items, old, new, at)
        else:
            size = max(len(old), len(new))
            pairs = [
                (index if index < len(old) else None, index if index < len(new) else None) for index in range(size)
            ]
        for before, after in pairs:
            index = str(after if before is None else before)
            was = ABSENT if before is None else old[before]
            now = ABSENT if after is None else new[after]
            yield from self.values(items, was, now, (*at, index))

    def _paired(self, items: Doc, old: list[Any], new: list[Any], at: Pointer) -> list[tuple[int | None, int | None]]:
        """Which element became which: equal ones first, then those of one name, then what is left in order."""
        pairs: list[tuple[int | None, int | None]] = []
        left, right = list(range(len(old))), list(range(len(new)))

        def take(fits: Any) -> None:
            for before in list(left):
                after = next((one for one in right if fits(old[before], new[one])), None)
                if after is not None:
                    left.remove(before)
                    right.remove(after)
                    pairs.append((before, after))

        take(lambda a, b: not any(self.values(items, a, b, (*at, "*"))))
        take(_same_name)
        if all(isinstance(item, dict) for item in [*old, *new]):
            while left and right:
                pairs.append((left.pop(0), right.pop(0)))
        pairs += [(before, None) for before in left] + [(None, after) for after in right]
        return sorted(pairs, key=lambda pair: (pair[0] is None, pair[1] if pair[0] is None else pair[0]))

    def _is_set(self, node: Doc, old: list[Any], new: list[Any]) -> bool:
        if self._schema:
            branches = list(self._schema.branches(node))
            if any(branch.get("insertionOrder") is False for branch in branches):
                return True
            if self._lenient and any(branch.get("uniqueItems") for branch in branches):
                return True
        return self._lenient and all(isinstance(item, dict) and {"Key", "Value"} >= item.keys() for item in old + new)

    def _is_structured(self, node: Doc) -> bool:
        """Whether the schema knows the members of this object, or names them by a pattern (a map)."""
        if self._schema is None:
            return True
        return any("properties" in one or "patternProperties" in one for one in self._schema.branches(node))

    def _is_filled_in(self, node: Doc, key: str) -> bool:
        """A member that the schema knows by name may have been filled in; one more key of a map is a change."""
        return bool(self._schema) and any(
            key in branch.get("properties", {})
            for branch in self._schema.branches(node)  # type: ignore[union-attr]
        )

    def _is_unread(self, at: Pointer) -> bool:
        """AWS does not show it."""
        if self._schema is None:
            return False
        place = tuple("*" if piece.isdigit() else piece for piece in at)
        return any(place[: len(pointer)] == pointer for pointer in self._schema.write_only)

    def _difference(self, old: Any, new: Any, at: Pointer) -> Difference:
        path = "".join("/" + piece.replace("~", "~0").replace("/", "~1") for piece in at)
        return Difference(path, old, new, self._recreation(at, old, new))

    def _recreation(self, at: Pointer, old: Any, new: Any) -> str:
        if self._schema is None:
            return "Never"
        place = tuple("*" if piece.isdigit() else piece for piece in at)
        if any(_touches(pointer, place, old, new) for pointer in self._schema.create_only):
            return "Always"
        if any(_touches(pointer, place, old, new) for pointer in self._schema.conditional_create_only):
            return "Conditionally"
        return "Never"


def _touches(pointer: Pointer, place: Pointer, old: Any, new: Any) -> bool:
    """Whether a change at `place` changes what `pointer` names: above it, below it or exactly it."""
    if place[: len(pointer)] == pointer:
        return True
    if pointer[: len(place)] != place:
        return False
    rest = pointer[len(place) :]
    return any(_holds(side, rest) for side in (old, new) if side is not ABSENT)


def _holds(value: Any, rest: Pointer) -> bool:
    if not rest:
        return True
    if isinstance(value, list) and rest[0] == "*":
        return any(_holds(item, rest[1:]) for item in value)
    return isinstance(value, dict) and rest[0] in value and _holds(value[rest[0]], rest[1:])


def _same_name(old: Any, new: Any) -> bool:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    return any(name in old and old[name] == new.get(name) for name in _IDENTIFIERS)


def _is_nothing(value: Any) -> bool:
    """What AWS shows by showing nothing: an empty list, map or text."""
    return value in ([], {}, "") and not isinstance(value, bool)
