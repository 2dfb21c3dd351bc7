"""What happens to records once the network carries their VPC: NAT gateways and endpoints come up or are gone."""

from datetime import datetime

from trunkline.services.ec2.store import ADDRESSES, ENDPOINTS, INTERFACES, NAT_GATEWAYS, Edit


def move_on(edit: Edit, vpc_id: str, now: datetime) -> None:
    """Within the transaction that says that the VPC was applied."""
    for nat in edit.all(NAT_GATEWAYS, vpc_id=vpc_id):
        if nat.state == "pending":
            nat.state = "available"
            edit.keep(NAT_GATEWAYS, nat)
        elif nat.state == "deleting":
            for one in nat.addresses:
                release(edit, one.allocation_id)
                if (interface := edit.find(INTERFACES, one.interface_id)) is not None:
                    edit.drop(INTERFACES, interface)
            nat.state = "deleted"
            nat.deleted_at = now
            edit.keep(NAT_GATEWAYS, nat)
    for endpoint in edit.all(ENDPOINTS, vpc_id=vpc_id):
        if endpoint.state == "pending":
            endpoint.state = "available"
            edit.keep(ENDPOINTS, endpoint)
        elif endpoint.state == "deleting":
            for id in endpoint.interface_ids:
                if (interface := edit.find(INTERFACES, id)) is not None:
                    edit.drop(INTERFACES, interface)
            edit.drop(ENDPOINTS, endpoint)


def release(edit: Edit, allocation_id: str) -> None:
    """An elastic address belongs to no interface any more."""
    address = edit.find(ADDRESSES, allocation_id) if allocation_id else None
    if address is not None:
        address.association_id = address.interface_id = address.private_ip = ""
        edit.keep(ADDRESSES, address)
