"""Drift with its causes: which call, by whom, made a resource differ from its template; and what belongs to no stack.

`Guard` stops (or flags) such changes before they are made. Reads the ledger and calls AWS operations as the principal
who asks.
"""

from trunkline.insights.drift.clickops import unowned
from trunkline.insights.drift.detecting import Stacks
from trunkline.insights.drift.guard import Guard
from trunkline.insights.drift.watching import changes

__all__ = ["Guard", "Stacks", "changes", "unowned"]
