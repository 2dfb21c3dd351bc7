"""The table of refactorings."""

from trunkline.core.db import Database, Table
from trunkline.services.cloudformation.refactoring.model import Refactor

refactors = Table("cloudformation_refactors", Refactor, key=("account", "region", "id"))


def migrate(db: Database) -> None:
    db.migrate("cloudformation-refactors", [refactors.ddl])
