"""From a method and a path to an operation, for the REST services other than S3."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from trunkline.aws.models import Operation, ServiceModel


@dataclass(slots=True)
class _Node:
    literal: "dict[str, _Node]" = field(default_factory=dict)
    label: "_Node | None" = None
    ends: dict[str, tuple[Operation, tuple[str, ...]]] = field(default_factory=dict)
    greedy: dict[str, tuple[Operation, tuple[str, ...]]] = field(default_factory=dict)


class PathTree:
    """The paths of one service."""

    def __init__(self, service: ServiceModel) -> None:
        self._root = _Node()
        for operation in service.operations.values():
            self._add(operation)

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation and the path's labels, decoded. Where a literal and a label both fit, the literal wins."""
        steps = path.strip("/").split("/")
        for (operation, names), values in self._walk(self._root, method, steps, ()):
            return operation, {name: unquote(value) for name, value in zip(names, values, strict=True)}
        return None

    def _add(self, operation: Operation) -> None:
        node = self._root
        names: list[str] = []
        for step in operation.uri.split("?", 1)[0].strip("/").split("/"):
            if not step.startswith("{"):
                node = node.literal.setdefault(step, _Node())
                continue
            name = step.strip("{}")
            names.append(name.rstrip("+"))
            if name.endswith("+"):
                node.greedy[operation.method] = (operation, tuple(names))
                return
            if node.label is None:
                node.label = _Node()
            node = node.label
        node.ends[operation.method] = (operation, tuple(names))

    def _walk(
        self, node: _Node, method: str, steps: list[str], values: tuple[str, ...]
    ) -> Iterator[tuple[tuple[Operation, tuple[str, ...]], tuple[str, ...]]]:
        if not steps:
            if method in node.ends:
                yield node.ends[method], values
            return
        step, rest = steps[0], steps[1:]
        if step in node.literal:
            yield from self._walk(node.literal[step], method, rest, values)
        if node.label is not None and step:
            yield from self._walk(node.label, method, rest, (*values, step))
        if method in node.greedy:
            yield node.greedy[method], (*values, "/".join(steps))
