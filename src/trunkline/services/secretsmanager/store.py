"""Secrets Manager's tables, and how secrets are found by name, ARN, or ARN without its random tail."""

from datetime import datetime
from typing import NamedTuple

from trunkline.aws import arn as arns
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call
from trunkline.core.db import Database, Reader, Table, Tx
from trunkline.services.secretsmanager.model import KEPT_DEPRECATED, Secret, Version

SECRETS = Table("secretsmanager_secrets", Secret, key=("account", "region", "name"))
VERSIONS = Table("secretsmanager_versions", Version, key=("account", "region", "name", "id"))


def migrate(db: Database) -> None:
    """Make the tables."""
    db.migrate("secretsmanager", [SECRETS.ddl, VERSIONS.ddl])


class Place(NamedTuple):
    """Where a SecretId points: `arn` is set when it named one."""

    account: str
    region: str
    name: str
    arn: str


def place(call: Call, secret_id: str) -> Place:
    """Read a SecretId."""
    if not secret_id.startswith("arn:"):
        return Place(call.account, call.region, secret_id, "")
    try:
        parsed = arns.parse(secret_id)
    except ValueError:
        raise AwsError("InvalidParameterException", "Invalid ARN.") from None
    kind, _, name = parsed.resource.partition(":")
    if parsed.service != "secretsmanager" or kind != "secret" or not name:
        raise AwsError("InvalidParameterException", "Invalid ARN.")
    if parsed.region != call.region:
        raise missing()
    return Place(parsed.account, parsed.region, name, secret_id)


def missing() -> AwsError:
    """The secret is not there."""
    return AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")


def find(reader: Reader, call: Call, secret_id: str, now: datetime) -> Secret | None:
    """The secret, or None; one whose recovery window is over is gone."""
    where = place(call, secret_id)
    names = [where.name]
    if where.arn and len(where.name) > 7 and where.name[-7] == "-":
        names.insert(0, where.name[:-7])  # a whole ARN; a partial one comes without the tail
    for name in names:
        found = SECRETS.get(reader, where.account, where.region, name)
        if found is None or (found.gone is not None and found.gone <= now):
            continue
        if not where.arn or found.arn in (where.arn, where.arn + found.arn[-7:]):
            return found
    return None


def secret(reader: Reader, call: Call, secret_id: str, now: datetime, *, deleted: bool = False) -> Secret:
    """The secret, or ResourceNotFoundException; `deleted` accepts one in its recovery window."""
    found = find(reader, call, secret_id, now)
    if found is None:
        raise missing()
    if found.deleted is not None and not deleted:
        raise AwsError(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        )
    return found


def versions(reader: Reader, owner: Secret) -> list[Version]:
    """All versions of a secret, by age."""
    found = VERSIONS.find(reader, prefix=(owner.account, owner.region, owner.name))
    return sorted(found, key=lambda version: version.created)


def keep(tx: Tx, found: list[Version]) -> None:
    """Store versions whose labels moved; the oldest of too many without a label are dropped."""
    deprecated = [version for version in found if not version.stages]
    for version in deprecated[: max(0, len(deprecated) - KEPT_DEPRECATED)]:
        found.remove(version)
        VERSIONS.delete(tx, version.account, version.region, version.name, version.id)
    for version in found:
        VERSIONS.put(tx, version)


def remove(tx: Tx, owner: Secret) -> None:
    """Remove a secret and its versions."""
    SECRETS.delete(tx, owner.account, owner.region, owner.name)
    tx.execute(
        "DELETE FROM secretsmanager_versions WHERE account = ? AND region = ? AND name = ?",
        (owner.account, owner.region, owner.name),
    )
