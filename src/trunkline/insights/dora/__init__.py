"""The four DORA figures, each with the events it was counted from.

https://dora.dev/guides/dora-metrics-four-keys/
"""

from trunkline.insights.dora.report import KINDS, read, report

__all__ = ["KINDS", "read", "report"]
