"""KMS's operations."""

from trunkline.services.kms.api.aliases import AliasOperations
from trunkline.services.kms.api.data_keys import DataKeyOperations
from trunkline.services.kms.api.grants import GrantOperations
from trunkline.services.kms.api.keys import KeyOperations
from trunkline.services.kms.api.multi_region import MultiRegionOperations
from trunkline.services.kms.api.signing import SigningOperations
from trunkline.services.kms.api.states import StateOperations


class Api(
    KeyOperations,
    StateOperations,
    AliasOperations,
    GrantOperations,
    DataKeyOperations,
    SigningOperations,
    MultiRegionOperations,
):
    """All of them; data keys bring encryption with them, and that rotation."""
