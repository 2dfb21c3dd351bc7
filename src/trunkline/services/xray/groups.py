"""What groups select: their expressions, read and looked up."""

from __future__ import annotations

from trunkline.core.db import Reader
from trunkline.services.xray import store
from trunkline.services.xray.filters import BadFilter, Expression, parse
from trunkline.services.xray.filters.syntax import All


def read_filter(text: str) -> Expression:
    """The expression that a request gives."""
    try:
        return parse(text)
    except BadFilter as error:
        raise store.invalid(f"Invalid filter expression: {error}") from error


class GroupExpressions:
    """The expressions of an account's groups by name and ARN, each looked up once."""

    def __init__(self, reader: Reader, account: str, region: str) -> None:
        self._reader = reader
        self._scope = (account, region)
        self._known: dict[tuple[str, str], Expression] = {}

    def __call__(self, by: str, value: str) -> Expression:
        if (by, value) not in self._known:
            self._known[by, value] = self._find(by, value)
        return self._known[by, value]

    def _find(self, by: str, value: str) -> Expression:
        for group in store.groups(self._reader, *self._scope):
            if value == (group.name if by == "name" else group.arn):
                return parse(group.expression) if group.expression else All(())
        raise store.invalid(f"Group {value} not found")
