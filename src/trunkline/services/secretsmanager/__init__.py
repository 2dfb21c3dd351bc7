"""Secrets Manager.

Real: secrets as strings or bytes, encrypted under data keys of KMS; versions and staging labels as AWS moves them,
idempotent by ClientRequestToken; deletion with a recovery window; resource policies that decide; random passwords;
rotation by a Lambda function, at once and on schedule.

Refused: replicas in other regions, secrets that other services manage, rotation functions that AWS hosts.
"""

from trunkline.aws.service import Kit, Service
from trunkline.core.background import Background
from trunkline.engines import Engines
from trunkline.services.secretsmanager import store
from trunkline.services.secretsmanager.api import Api
from trunkline.services.secretsmanager.envelope import Envelope
from trunkline.services.secretsmanager.resources import TYPES
from trunkline.services.secretsmanager.rotation import Rotations


def build(kit: Kit, engines: Engines) -> Service:
    """Make the service."""
    store.migrate(kit.db)
    rotations = Rotations(kit, engines.workflows)
    api = Api(kit.db, kit.clock, Envelope(kit.call), kit.call, rotations)
    running = Background(rotations.run)
    return Service("secretsmanager", api, start=running.start, stop=running.stop, resource_types=TYPES)
