"""What every part of Parameter Store's API has at hand."""

from trunkline.aws.call import Client
from trunkline.aws.service import Call
from trunkline.core.clock import Clock
from trunkline.core.db import Database
from trunkline.core.ledger import Ledger
from trunkline.services.ssm import names
from trunkline.services.ssm.model import Parameter, Version
from trunkline.services.ssm.secure import Secure


class Part:
    """Database, clock, ledger, and the ways to KMS and to Secrets Manager."""

    def __init__(self, db: Database, clock: Clock, ledger: Ledger, secure: Secure, call: Client) -> None:
        self._db = db
        self._clock = clock
        self._ledger = ledger
        self._secure = secure
        self._call = call

    async def value(self, call: Call, item: Parameter | Version, *, decrypt: bool) -> str:
        """A value as the caller is to see it: a SecureString stays encrypted unless he asks."""
        if item.type != "SecureString" or not decrypt:
            return item.value
        return await self._secure.decrypt(call, names.arn(call, item.name), item.value)
