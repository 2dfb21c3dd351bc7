"""Secrets Manager.

Real: secrets as strings or bytes, encrypted under data keys of KMS; versions and staging labels as AWS moves them,
idempotent by ClientRequestToken; deletion with a recovery window; resource policies that decide; random passwords.

Refused: rotation (it needs a Lambda function), replicas in other regions, secrets that other services manage.
"""

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.secretsmanager import store
from trunkline.services.secretsmanager.api import Api
from trunkline.services.secretsmanager.envelope import Envelope
from trunkline.services.secretsmanager.resources import TYPES


def build(kit: Kit, engines: Engines) -> Service:
    """Make the service."""
    store.migrate(kit.db)
    return Service("secretsmanager", Api(kit.db, kit.clock, Envelope(kit.call), kit.call), resource_types=TYPES)
