"""What every part of the API has at hand, and who may do something with a secret."""

from trunkline.aws.call import Client
from trunkline.aws.identity import Access
from trunkline.aws.policy import compiled
from trunkline.aws.service import Call, Doc
from trunkline.core.clock import Clock
from trunkline.core.db import Database
from trunkline.services.secretsmanager import store
from trunkline.services.secretsmanager.envelope import Envelope
from trunkline.services.secretsmanager.rotation import Rotations

RESOURCE = "arn:aws:secretsmanager:{region}:{account}:secret:{SecretId}"


class Part:
    """Database, clock, envelope, rotations, and the way to the authorizer."""

    def __init__(self, db: Database, clock: Clock, envelope: Envelope, call: Client, rotations: Rotations) -> None:
        self._db = db
        self.rotations = rotations
        self._clock = clock
        self._envelope = envelope
        self._call = call

    def access(self, call: Call, req: Doc) -> Access:
        """A secret's resource policy grants or denies beside IAM; its name and tags are condition keys."""
        context: dict[str, str] = {}
        if "Name" in req:
            context["secretsmanager:Name"] = req["Name"]
        if "VersionStage" in req:
            context["secretsmanager:VersionStage"] = req["VersionStage"]
        if "VersionId" in req:
            context["secretsmanager:VersionId"] = req["VersionId"]
        found = store.find(self._db, call, req["SecretId"], self._clock.now()) if "SecretId" in req else None
        if found is None:
            return Access(context)
        context["secretsmanager:SecretId"] = found.arn
        context |= {f"aws:ResourceTag/{key}": value for key, value in found.tags.items()}
        context |= {f"secretsmanager:ResourceTag/{key}": value for key, value in found.tags.items()}
        policies = (compiled(found.policy),) if found.policy else ()
        return Access(context, policies, found.account, resources=(found.arn,))
