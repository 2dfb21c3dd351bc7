"""The table of objectives."""

from __future__ import annotations

from trunkline.core.db import Table
from trunkline.services.applicationsignals.model import Objective

OBJECTIVES = Table("applicationsignals_objectives", Objective, key=("account", "region", "name"))
STEPS = [OBJECTIVES.ddl]
