"""Alarms over stored history: when one would have fired, as it is or changed, and what it would have caught or missed.

`replay` runs one setting; `tune` looks for the one with the fewest pages that misses nothing. Both decide by
`trunkline.aws.alarms`, the very code that CloudWatch's alarms are evaluated by, over data points that are read through
CloudWatch's API as the principal who asks.
"""

from trunkline.insights.noise.asked import Asked, asked
from trunkline.insights.noise.replay import replay
from trunkline.insights.noise.tuning import tune

__all__ = ["Asked", "asked", "replay", "tune"]
