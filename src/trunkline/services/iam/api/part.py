"""What every part of IAM's API has at hand."""

from collections.abc import Callable
from typing import TypeVar

from trunkline.aws.errors import AwsError
from trunkline.aws.identity import Access
from trunkline.aws.service import Call, Doc
from trunkline.core.clock import Clock
from trunkline.core.db import Database, Tx
from trunkline.core.settings import Settings
from trunkline.services.iam.access import access
from trunkline.services.iam.identity import StoredIdentity

T = TypeVar("T")

USER = "arn:aws:iam::{account}:user/{UserName}"
GROUP = "arn:aws:iam::{account}:group/{GroupName}"
ROLE = "arn:aws:iam::{account}:role/{RoleName}"
POLICY = "{PolicyArn}"
PROFILE = "arn:aws:iam::{account}:instance-profile/{InstanceProfileName}"


class Part:
    """Database, clock, and the identity that must hear of every change."""

    def __init__(self, db: Database, clock: Clock, identity: StoredIdentity, settings: Settings) -> None:
        self._db = db
        self._clock = clock
        self._identity = identity
        self._settings = settings

    def access(self, call: Call, req: Doc) -> Access:
        """What a request is about, for policies."""
        return access(self._db, call, req)

    async def _change(self, work: Callable[[Tx], T]) -> T:
        """Do `work` in a transaction after which nothing remembered of users and policies is trusted."""

        def run(tx: Tx) -> T:
            self._identity.changed(tx)
            return work(tx)

        return await self._db.write(run)


def user_name(call: Call, req: Doc) -> str:
    """The user the request names, or the one who signed it."""
    if "UserName" in req:
        return str(req["UserName"])
    if call.caller.principal.kind == "user":
        return call.caller.principal.name
    raise AwsError("ValidationError", "Must specify userName when calling with non-User credentials", status=400)
