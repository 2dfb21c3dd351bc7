"""The tables of drift detection."""

from trunkline.core.db import Database, Reader, Table
from trunkline.services.cloudformation.drift.model import Detection, ResourceDrift

detections = Table("cloudformation_drift_detections", Detection, key=("account", "region", "id"), index=("stack_id",))
drifts = Table("cloudformation_drifts", ResourceDrift, key=("stack_id", "logical_id"))


def migrate(db: Database) -> None:
    """Make the tables."""
    db.migrate("cloudformation-drift", [detections.ddl, drifts.ddl])


def running(reader: Reader, account: str, region: str, stack_id: str) -> Detection | None:
    """The detection that is under way on a stack."""
    found = detections.find(reader, prefix=(account, region), stack_id=stack_id)
    return next((one for one in found if one.status == "DETECTION_IN_PROGRESS"), None)
