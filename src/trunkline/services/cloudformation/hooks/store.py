"""The tables of hooks."""

from trunkline.core.db import Table
from trunkline.services.cloudformation.hooks.model import Hook, HookResult

hooks = Table("cloudformation_hooks", Hook, key=("account", "region", "alias"))
results = Table("cloudformation_hook_results", HookResult, key=("account", "region", "id"), index=("target_id",))
MIGRATIONS = [hooks.ddl, results.ddl]
