"""Whether a stack's resources still are what its template asked for.

class Api(DriftOperations, ...):          # DriftOperations.__init__(self, kit, workflows) migrates and registers
"""

from trunkline.services.cloudformation.drift.api import DriftOperations

__all__ = ["DriftOperations"]
