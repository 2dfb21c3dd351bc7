"""Network interfaces: what can be changed while they are in use."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2 import placing
from trunkline.services.ec2.api.finding import Finding
from trunkline.services.ec2.api.interfaces import groups_of
from trunkline.services.ec2.errors import combination, invalid
from trunkline.services.ec2.store import INTERFACES, Edit

_UNSUPPORTED = (
    "EnaSrdSpecification",
    "EnablePrimaryIpv6",
    "ConnectionTrackingSpecification",
    "AssociatedSubnetIds",
    "Attachment",
)
_CHANGES = ("Description", "SourceDestCheck", "Groups", "AssociatePublicIpAddress")
_ONE = "arn:aws:ec2:{region}:{account}:network-interface/{NetworkInterfaceId}"


class InterfaceAttributes(Finding):
    """One at a time, as on AWS."""

    @operation(_ONE)
    async def modify_network_interface_attribute(self, call: Call, req: Doc) -> Doc:
        for name in _UNSUPPORTED:
            if name in req:
                raise invalid(f"Trunkline does not support {name} of network interfaces: leave it out.")
        given = [name for name in _CHANGES if name in req]
        if len(given) != 1:
            raise combination("Exactly one attribute of a network interface can be modified by one request.")

        def work(edit: Edit) -> None:
            found = edit.get(INTERFACES, req["NetworkInterfaceId"])
            if "Description" in req:
                found.description = req["Description"].get("Value", "")
            if "SourceDestCheck" in req:
                found.source_dest_check = bool(req["SourceDestCheck"].get("Value", True))
            if "Groups" in req:
                found.group_ids = groups_of(edit, found.vpc_id, req["Groups"])
            if "AssociatePublicIpAddress" in req:
                wanted = req["AssociatePublicIpAddress"]
                found.public_ip = (found.public_ip or placing.public_address(edit)) if wanted else ""
            edit.keep(INTERFACES, found)

        await self.change(call, req, work)
        return {}

    @operation(_ONE)
    async def describe_network_interface_attribute(self, call: Call, req: Doc) -> Doc:
        found = (await self.view(call, req)).get(INTERFACES, req["NetworkInterfaceId"])
        told: Doc = {"NetworkInterfaceId": found.id}
        match req.get("Attribute"):
            case "description":
                told["Description"] = {"Value": found.description}
            case "sourceDestCheck":
                told["SourceDestCheck"] = {"Value": found.source_dest_check}
            case "groupSet":
                told["Groups"] = [{"GroupId": one} for one in found.group_ids]
            case "associatePublicIpAddress":
                told["AssociatePublicIpAddress"] = bool(found.public_ip)
            case "attachment":
                if found.attachment_id:
                    told["Attachment"] = {"AttachmentId": found.attachment_id, "Status": "attached"}
            case other:
                raise invalid(f"Value ({other}) for parameter attribute is invalid.")
        return told
