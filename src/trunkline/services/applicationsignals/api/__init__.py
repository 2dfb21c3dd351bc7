"""The operations of Application Signals, in files by what they are about."""

from __future__ import annotations

from trunkline.services.applicationsignals.api.budgets import Budgets
from trunkline.services.applicationsignals.api.exclusions import Exclusions
from trunkline.services.applicationsignals.api.objectives import Objectives
from trunkline.services.applicationsignals.api.tags import Tags


class Api(Objectives, Budgets, Exclusions, Tags):
    """All of them."""
