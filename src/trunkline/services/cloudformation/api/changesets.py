"""Change sets."""

from trunkline.services.cloudformation.api.part import Part


class ChangeSetOperations(Part):
    """Prepared operations."""
