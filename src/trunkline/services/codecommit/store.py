"""CodeCommit's table."""

from trunkline.core.db import Reader, Table, Tx
from trunkline.services.codecommit.model import Repository

REPOSITORIES = Table("codecommit_repositories", Repository, key=("account", "region", "name"), index=("id",))
STEPS = [REPOSITORIES.ddl]


def by_id(reader: Reader, id: str) -> Repository | None:
    """A repository by the id that git knows it by."""
    found = REPOSITORIES.find(reader, id=id, limit=1)
    return found[0] if found else None


def regions_of(reader: Reader, account: str) -> list[str]:
    """The regions in which an account has repositories."""
    sql = "SELECT DISTINCT region FROM codecommit_repositories WHERE account = ? ORDER BY region"
    return [row["region"] for row in reader.all(sql, (account,))]


def update(tx: Tx, repository: Repository) -> Repository:
    """The repository as it is now in this transaction, to be changed and `put`; KeyError when it is gone."""
    found = by_id(tx, repository.id)
    if found is None:
        raise KeyError(repository.name)
    return found
