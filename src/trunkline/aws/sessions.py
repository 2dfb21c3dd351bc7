"""Temporary credentials: made by STS, looked up for every request, kept in the database so that a restart ends none."""

import secrets
from dataclasses import dataclass, field

from trunkline.aws.identity import Credential
from trunkline.aws.service import Principal
from trunkline.core import ids
from trunkline.core.db import Database, Reader, Table, Tx

_KEEP_S = 24 * 3600  # how long an ended session is told apart from an unknown key


@dataclass(slots=True)
class Session:
    """One set of temporary credentials and whom it stands for. `issuer` is the user behind a federation token."""

    access_key_id: str
    secret: str
    token: str
    account: str
    expires: int
    kind: str
    arn: str
    principal_id: str
    name: str
    policies: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    transitive: list[str] = field(default_factory=list)
    issuer: str = ""

    @property
    def credential(self) -> Credential:
        """What a signature is verified with."""
        principal = Principal(self.kind, self.arn, self.principal_id, self.name, tuple(self.policies))
        return Credential(self.access_key_id, self.secret, principal, self.token, self.expires)


SESSIONS = Table("aws_sessions", Session, key=("access_key_id",), index=("expires",))


def prepare(db: Database) -> None:
    """Make the table; IAM and STS both need it, whichever is built first."""
    db.migrate("sessions", [SESSIONS.ddl])


def new_key() -> tuple[str, str, str]:
    """A new access key id, secret and session token."""
    return "ASIA" + ids.alnum(16, lower=False), secrets.token_urlsafe(30), secrets.token_urlsafe(180)


def open_session(tx: Tx, session: Session, now: float) -> None:
    """Store a session, and forget those that ended long ago."""
    tx.execute("DELETE FROM aws_sessions WHERE expires < ?", (int(now) - _KEEP_S,))
    SESSIONS.insert(tx, session)


def find(reader: Reader, access_key_id: str) -> Session | None:
    """The session with this key, ended or not."""
    return SESSIONS.get(reader, access_key_id)
