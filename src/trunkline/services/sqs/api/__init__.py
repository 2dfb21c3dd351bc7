"""The operations of SQS, by what they are about."""

from trunkline.services.sqs.api.deleting import DeleteOperations
from trunkline.services.sqs.api.moving import MoveOperations
from trunkline.services.sqs.api.permissions import PermissionOperations
from trunkline.services.sqs.api.queues import QueueOperations
from trunkline.services.sqs.api.receiving import ReceiveOperations
from trunkline.services.sqs.api.sending import SendOperations


class Api(QueueOperations, SendOperations, DeleteOperations, PermissionOperations, ReceiveOperations, MoveOperations):
    """Every operation of SQS."""
