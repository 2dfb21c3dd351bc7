"""Sampling as SDKs poll it: quotas of reservoirs shared out, boosts, and what was counted lately."""
