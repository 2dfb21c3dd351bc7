"""What an expression asks of the world outside its request."""

from __future__ import annotations

from typing import Protocol

from trunkline.services.cloudwatch.expressions.series import Series


class Finder(Protocol):
    """Finds series that a request does not name one by one."""

    def search(self, text: str, statistic: str, period_s: int) -> list[Series]:
        """SEARCH's: one for each metric that fits."""

    def select(self, query: str, period_s: int) -> Series | list[Series]:
        """A Metrics Insights query's answer."""

    def insight(self, rule: str, metric: str) -> Series:
        """INSIGHT_RULE_METRIC's."""
