"""The table of notification rules."""

from trunkline.core.db import Table
from trunkline.services.codestarnotifications.model import Rule

RULES = Table("codestarnotifications_rules", Rule, key=("account", "region", "id"), index=("resource",))
STEPS = [RULES.ddl]
