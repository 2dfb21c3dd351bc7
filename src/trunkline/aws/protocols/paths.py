"""From a method and a path to an operation, for the REST services other than S3."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from trunkline.aws.models import Operation, ServiceModel
from trunkline.aws.protocols.locations import query_parameters


@dataclass(frozen=True, slots=True)
class _End:
    """An operation whose path ends here, the names of its labels, and what its URI asks of the query string."""

    operation: Operation
    names: tuple[str, ...]
    query: tuple[tuple[str, str], ...]

    def fits(self, method: str, query: str) -> bool:
        if self.operation.method != method:
            return False
        given = query_parameters(query) if self.query else {}
        return all(given.get(name) == [value] for name, value in self.query)


@dataclass(slots=True)
class _Node:
    literal: "dict[str, _Node]" = field(default_factory=dict)
    label: "_Node | None" = None
    ends: list[_End] = field(default_factory=list)
    greedy: list[_End] = field(default_factory=list)


class PathTree:
    """The paths of one service."""

    def __init__(self, service: ServiceModel) -> None:
        self._root = _Node()
        for operation in service.operations.values():
            self._add(operation)

    def find(self, method: str, path: str, query: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation and the path's labels, decoded. Where a literal and a label both fit, the literal wins."""
        for ends, values in self._walk(self._root, path.strip("/").split("/"), ()):
            for end in ends:
                if end.fits(method, query):
                    labels = zip(end.names, values, strict=True)
                    return end.operation, {name: unquote(value) for name, value in labels}
        return None

    def _add(self, operation: Operation) -> None:
        node = self._root
        names: list[str] = []
        path, _, query = operation.uri.partition("?")
        asked = tuple((name, values[0]) for name, values in query_parameters(query).items())
        for step in path.strip("/").split("/"):
            if not step.startswith("{"):
                node = node.literal.setdefault(step, _Node())
                continue
            name = step.strip("{}")
            names.append(name.rstrip("+"))
            if name.endswith("+"):
                _keep(node.greedy, _End(operation, tuple(names), asked))
                return
            if node.label is None:
                node.label = _Node()
            node = node.label
        _keep(node.ends, _End(operation, tuple(names), asked))

    def _walk(
        self, node: _Node, steps: list[str], values: tuple[str, ...]
    ) -> Iterator[tuple[list[_End], tuple[str, ...]]]:
        if not steps:
            yield node.ends, values
            return
        step, rest = steps[0], steps[1:]
        if step in node.literal:
            yield from self._walk(node.literal[step], rest, values)
        if node.label is not None and step:
            yield from self._walk(node.label, rest, (*values, step))
        if node.greedy:
            yield node.greedy, (*values, "/".join(steps))


def _keep(ends: list[_End], end: _End) -> None:
    """Those that ask for more of the query string are tried first."""
    ends.append(end)
    ends.sort(key=lambda one: len(one.query), reverse=True)
