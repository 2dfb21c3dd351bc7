"""The tables of Cloud Control."""

from trunkline.core.db import Reader, Table
from trunkline.services.cloudcontrol.model import Kept, Request

requests = Table("cloudcontrol_requests", Request, key=("account", "region", "token"), index=("client_token", "type"))
kept = Table("cloudcontrol_kept", Kept, key=("account", "region", "type", "physical_id"))
STEPS = [requests.ddl, kept.ddl]


def by_client_token(reader: Reader, account: str, region: str, client_token: str) -> Request | None:
    """The request that was made with a client's token."""
    found = requests.find(reader, prefix=(account, region), client_token=client_token)
    return found[0] if found else None


def under_way(reader: Reader, request: Request) -> Request | None:
    """Another request that is at work on the same resource."""
    for one in requests.find(reader, prefix=(request.account, request.region), type=request.type):
        same = one.identifier and one.identifier == request.identifier
        if same and one.token != request.token and not one.status.is_final:
            return one
    return None
