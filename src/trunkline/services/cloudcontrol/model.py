"""What Cloud Control keeps: requests, and the resources it has made with the properties last asked for. Pure."""

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trunkline.aws.service import Caller

Doc = dict[str, Any]


class Status(enum.StrEnum):
    """Of a request; the last three are final."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    CANCEL_IN_PROGRESS = "CANCEL_IN_PROGRESS"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    CANCEL_COMPLETE = "CANCEL_COMPLETE"

    @property
    def is_final(self) -> bool:
        return self in (Status.SUCCESS, Status.FAILED, Status.CANCEL_COMPLETE)


@dataclass(slots=True)
class Request:
    """One request for a create, an update or a delete.

    digest: of what was asked, to tell a repeated client token from a misused one. old, new: the properties before and
    after. handler_token: of the attempt, as handlers are given it.
    """

    account: str
    region: str
    token: str
    operation: str
    type: str
    caller: Caller
    requested: datetime
    status: Status = Status.PENDING
    role_arn: str = ""
    client_token: str = ""
    digest: str = ""
    identifier: str = ""
    physical_id: str = ""
    old: Doc = field(default_factory=dict)
    new: Doc = field(default_factory=dict)
    error_code: str = ""
    message: str = ""
    changed: datetime | None = None


@dataclass(slots=True)
class Kept:
    """The properties with which a resource was last asked for through Cloud Control: some cannot be read back."""

    account: str
    region: str
    type: str
    physical_id: str
    properties: Doc
