"""SSM: Parameter Store.

Real: String, StringList and SecureString (encrypted by KMS), versions with labels and selectors (name:3, name:label),
hierarchies, tiers, allowed patterns, tags, and a "Parameter Store Change" event for each change. A name under
/aws/reference/secretsmanager/ reads that secret. Service settings are kept; the default tier of parameters acts.

Refused: parameter policies, AWS's public parameters (/aws/service/…), data types other than text, sharing between
accounts; and the rest of Systems Manager (documents, automation, sessions, patching).
"""

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.ssm import store
from trunkline.services.ssm.api import Api
from trunkline.services.ssm.resources import TYPES
from trunkline.services.ssm.secure import Secure


def build(kit: Kit, engines: Engines) -> Service:
    """Make the service."""
    store.migrate(kit.db)
    return Service("ssm", Api(kit.db, kit.clock, kit.ledger, Secure(kit.call), kit.call), resource_types=TYPES)
