"""What expressions and groups select: read, looked up, asked."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.core.db import Reader
from trunkline.services.xray import store
from trunkline.services.xray.filters import BadFilter, Expression, matches, parse
from trunkline.services.xray.filters.syntax import All
from trunkline.services.xray.model import Group
from trunkline.services.xray.segments.trace import Trace

Selects = Callable[[Trace], bool]


def read_filter(text: str) -> Expression:
    """The expression that a request gives."""
    try:
        return parse(text)
    except BadFilter as error:
        raise _invalid(error) from error


class Selecting:
    """Expressions of an account, which may name its groups. Each group is looked up once."""

    def __init__(self, reader: Reader, account: str, region: str) -> None:
        self._reader = reader
        self._scope = (account, region)
        self._known: dict[tuple[str, str], Expression] = {}

    def by(self, text: str) -> Selects:
        """InvalidRequestException now if the text is no expression, and when asked if it names no group."""
        expression = read_filter(text)

        def selects(trace: Trace) -> bool:
            try:
                return matches(expression, trace, self._group)
            except BadFilter as error:
                raise _invalid(error) from error

        return selects

    def of(self, group: Group) -> Selects | None:
        """None: everything."""
        return self.by(group.expression) if group.expression else None

    def _group(self, by: str, value: str) -> Expression:
        if (by, value) not in self._known:
            self._known[by, value] = self._find(by, value)
        return self._known[by, value]

    def _find(self, by: str, value: str) -> Expression:
        for group in store.groups(self._reader, *self._scope):
            if value == (group.name if by == "name" else group.arn):
                return parse(group.expression) if group.expression else All(())
        raise BadFilter(f"there is no group {value}.")


def _invalid(error: BadFilter) -> Exception:
    return store.invalid(f"Invalid filter expression: {error}")
