"""How many faults a service is expected to have, told from how many it had.

Faults of a minute are counted against the rate of the minutes before, of which late ones weigh more. What is allowed
above is three standard deviations of the binomial distribution: a service with few requests may err more by chance.
"""

from __future__ import annotations

import math

HISTORY_S = 3600
"""How far back a baseline looks."""
_MEMORY = 0.97
"""What a minute weighs against the one after it: half of the weight lies in the last 23 minutes."""
_DEVIATIONS = 3.0
_CHANCE = 0.01
"""A service without faults so far is still allowed this rate: the first fault is no incident."""


class Baseline:
    def __init__(self) -> None:
        self._faults = 0.0
        self._total = 0.0

    def add(self, faults: int, total: int) -> None:
        """One more minute of the past."""
        self._faults = self._faults * _MEMORY + faults
        self._total = self._total * _MEMORY + total

    @property
    def rate(self) -> float:
        return self._faults / self._total if self._total else 0.0

    def faults_expected(self, total: int) -> tuple[int, int]:
        """The least and the most faults that are usual among as many requests."""
        rate = max(self.rate, _CHANCE)
        spread = _DEVIATIONS * math.sqrt(total * rate * (1 - rate))
        return max(0, math.floor(total * self.rate - spread)), math.ceil(total * rate + spread)
