"""ECR's table."""

from trunkline.core.db import Reader, Table
from trunkline.services.ecr.model import Repository

REPOSITORIES = Table("ecr_repositories", Repository, key=("account", "region", "name"), index=("id",))
STEPS = [
    f"""
    {REPOSITORIES.ddl}
    CREATE TABLE ecr_secret (secret BLOB NOT NULL);
    INSERT INTO ecr_secret VALUES (randomblob(32));
    """
]


def by_id(reader: Reader, id: str) -> Repository | None:
    """A repository by the id that the registry engine knows it by."""
    found = REPOSITORIES.find(reader, id=id, limit=1)
    return found[0] if found else None


def secret(reader: Reader) -> bytes:
    """What tokens are signed with; made once, with the table."""
    row = reader.one("SELECT secret FROM ecr_secret")
    assert row is not None
    return bytes(row["secret"])
