"""KMS's tables, and how keys are found by id, ARN or alias."""

from datetime import datetime

from trunkline.aws import arn as arns
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call
from trunkline.core.db import Database, Reader, Table
from trunkline.services.kms.model import PRIMARY, Alias, Grant, Key

KEYS = Table("kms_keys", Key, key=("account", "region", "id"))
ALIASES = Table("kms_aliases", Alias, key=("account", "region", "name"))
GRANTS = Table("kms_grants", Grant, key=("account", "region", "key_id", "id"))


def migrate(db: Database) -> None:
    """Make the tables."""
    db.migrate("kms", [table.ddl for table in (KEYS, ALIASES, GRANTS)])


def place(call: Call, key_id: str) -> tuple[str, str, str]:
    """Account, region and id (or alias/name) that a KeyId means; another account's key only by its ARN."""
    if not key_id.startswith("arn:"):
        return call.account, call.region, key_id
    try:
        parsed = arns.parse(key_id)
    except ValueError:
        raise AwsError("InvalidArnException", f"Invalid arn {key_id}") from None
    kind, _, rest = parsed.resource.partition("/")
    if parsed.service != "kms" or kind not in ("key", "alias"):
        raise AwsError("InvalidArnException", f"Invalid arn {key_id}")
    if parsed.region != call.region:
        # Keys stay in their region; AWS says no more than this.
        raise AwsError("NotFoundException", f"Invalid arn {parsed.region}")
    return parsed.account, parsed.region, rest if kind == "key" else f"alias/{rest}"


def find(reader: Reader, call: Call, key_id: str, now: datetime) -> Key | None:
    """The key that a KeyId means, or None; one whose deletion is due is gone."""
    account, region, name = place(call, key_id)
    if name.startswith("alias/"):
        alias = ALIASES.get(reader, account, region, name)
        if alias is None:
            return None
        name = alias.key_id
    found = KEYS.get(reader, account, region, name)
    return None if found is None or (found.deletion is not None and found.deletion <= now) else found


def local(call: Call, arn: str) -> str:
    """The ARN of a key of a ciphertext: a multi-Region key's is read as the related key of this region."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[5].startswith("key/mrk-"):
        parts[3] = call.region
    return ":".join(parts)


def related(reader: Reader, of: Key) -> list[Key]:
    """A multi-Region key and its related keys in other regions, the primary first."""
    if not of.multi:
        return []
    found = KEYS.find(reader, prefix=(of.account,), id=of.id)
    return sorted(found, key=lambda one: (one.multi != PRIMARY, one.region))


def key(reader: Reader, call: Call, key_id: str, now: datetime) -> Key:
    """The key, or NotFoundException."""
    found = find(reader, call, key_id, now)
    if found is None:
        account, region, name = place(call, key_id)
        if name.startswith("alias/"):
            raise AwsError("NotFoundException", f"Alias {arns.arn('kms', region, account, name)} is not found.")
        raise AwsError("NotFoundException", f"Key '{arns.arn('kms', region, account, f'key/{name}')}' does not exist")
    return found


def grants(reader: Reader, owner: Key) -> list[Grant]:
    """The grants on a key."""
    return GRANTS.find(reader, prefix=(owner.account, owner.region, owner.id))
