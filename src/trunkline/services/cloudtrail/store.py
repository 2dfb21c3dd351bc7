"""The table of trails, and how requests name one."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call
from trunkline.core.db import Reader, Table
from trunkline.services.cloudtrail.model import Trail, check_name

TRAILS = Table("cloudtrail_trails", Trail, key=("account", "region", "name"))
MIGRATIONS = [TRAILS.ddl]


def trail(reader: Reader, call: Call, name: str) -> Trail:
    """The trail with this name or ARN; one of all regions is known in every region."""
    found = find(reader, call, name)
    if found is None:
        raise AwsError("TrailNotFoundException", f"Unknown trail: {name} for the user: {call.account}")
    return found


def find(reader: Reader, call: Call, name: str) -> Trail | None:
    """The trail, or None."""
    if name.startswith("arn:"):
        parts = name.split(":", 5)
        if len(parts) != 6 or parts[2] != "cloudtrail" or not parts[5].startswith("trail/"):
            raise AwsError("CloudTrailARNInvalidException", f"{name} is not the ARN of a trail.")
        return TRAILS.get(reader, parts[4], parts[3], parts[5].removeprefix("trail/"))
    check_name(name)
    here = TRAILS.get(reader, call.account, call.region, name)
    if here is not None:
        return here
    everywhere = (one for one in TRAILS.find(reader, prefix=(call.account,)) if one.is_multi_region)
    return next((one for one in everywhere if one.name == name), None)
