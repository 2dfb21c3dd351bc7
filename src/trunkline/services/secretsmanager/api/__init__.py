"""Secrets Manager's operations."""

from trunkline.services.secretsmanager.api.deletion import DeletionOperations
from trunkline.services.secretsmanager.api.lists import ListOperations
from trunkline.services.secretsmanager.api.policies import PolicyOperations
from trunkline.services.secretsmanager.api.refused import RefusedOperations
from trunkline.services.secretsmanager.api.rotation import RotationOperations
from trunkline.services.secretsmanager.api.stages import StageOperations
from trunkline.services.secretsmanager.api.tagging import TagOperations
from trunkline.services.secretsmanager.api.values import ValueOperations
from trunkline.services.secretsmanager.api.write import WriteOperations


class Api(
    WriteOperations,
    ValueOperations,
    ListOperations,
    StageOperations,
    DeletionOperations,
    PolicyOperations,
    TagOperations,
    RotationOperations,
    RefusedOperations,
):
    """All of them."""
