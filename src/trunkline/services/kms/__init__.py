"""KMS: keys that never leave, and what is done with them.

Real: symmetric keys (AES-256-GCM with the encryption context as associated data), HMAC keys, RSA and ECC keys for
signing, RSA for encryption; multi-Region keys; aliases, key policies (which decide, as in AWS, even for
administrators), grants, rotation of symmetric keys, states and scheduled deletion, AWS managed keys (alias/aws/s3 …)
made when first used. Key material is wrapped by a master key in the data directory (0600): who copies the database
alone can decrypt nothing.

Refused: imported key material, custom key stores, SM2 and post-quantum keys, attestation documents.
"""

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.kms import store
from trunkline.services.kms.api import Api
from trunkline.services.kms.material import MasterKey
from trunkline.services.kms.resources import TYPES


def build(kit: Kit, engines: Engines) -> Service:
    """Make the service, and its master key the first time."""
    store.migrate(kit.db)
    master = MasterKey(kit.settings.data_dir / "kms-master.key")
    return Service("kms", Api(kit.db, kit.clock, master, kit.call), resource_types=TYPES)
