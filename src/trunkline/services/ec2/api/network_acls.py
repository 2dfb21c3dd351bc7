"""Network ACLs, their entries and the subnets they guard."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2 import blocks
from trunkline.services.ec2.api.finding import Finding, listing, tags_for
from trunkline.services.ec2.described import security
from trunkline.services.ec2.errors import bad_value, combination, failed, in_use, invalid, missing, no_association
from trunkline.services.ec2.filters import Properties, each, member
from trunkline.services.ec2.limits import room
from trunkline.services.ec2.model import AclEntry, NetworkAcl
from trunkline.services.ec2.store import ACLS, SUBNETS, VPCS, Edit, new_id

_ACL: Properties = {
    "network-acl-id": member("NetworkAclId"),
    "vpc-id": member("VpcId"),
    "owner-id": member("OwnerId"),
    "default": member("IsDefault"),
    "association.association-id": each("Associations", "NetworkAclAssociationId"),
    "association.network-acl-id": each("Associations", "NetworkAclId"),
    "association.subnet-id": each("Associations", "SubnetId"),
    "entry.cidr": each("Entries", "CidrBlock"),
    "entry.ipv6-cidr": each("Entries", "Ipv6CidrBlock"),
    "entry.egress": each("Entries", "Egress"),
    "entry.protocol": each("Entries", "Protocol"),
    "entry.rule-action": each("Entries", "RuleAction"),
    "entry.rule-number": each("Entries", "RuleNumber"),
    "entry.port-range.from": each("Entries", "PortRange", "From"),
    "entry.port-range.to": each("Entries", "PortRange", "To"),
    "entry.icmp.type": each("Entries", "IcmpTypeCode", "Type"),
    "entry.icmp.code": each("Entries", "IcmpTypeCode", "Code"),
}
_PROTOCOLS = {"all": "-1", "icmp": "1", "tcp": "6", "udp": "17", "icmpv6": "58"}
_ICMP = ("1", "58")
_WITH_PORTS = ("6", "17")
_HIGHEST = 32766
_ONE = "arn:aws:ec2:{region}:{account}:network-acl/{NetworkAclId}"


class NetworkAcls(Finding):
    """Everything about them."""

    @operation()
    async def describe_network_acls(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        subnets = view.all(SUBNETS)
        return listing(
            view,
            req,
            ACLS,
            lambda one, tags: security.acl(one, tags, [each for each in subnets if each.acl_id == one.id]),
            _ACL,
            member="NetworkAcls",
            id_member="NetworkAclId",
        )

    @operation("arn:aws:ec2:{region}:{account}:network-acl/*", writes_once=True)
    async def create_network_acl(self, call: Call, req: Doc) -> Doc:
        tags = tags_for(req, "network-acl")

        def work(edit: Edit) -> list[str]:
            vpc = edit.get(VPCS, req["VpcId"])
            room("acls", edit.all(ACLS, vpc_id=vpc.id))
            made = NetworkAcl(edit.account, edit.region, new_id("acl"), vpc.id)
            edit.keep(ACLS, made)
            edit.tag(made.id, tags)
            return [made.id]

        (id,) = await self.make(call, req, work)
        view = self.after(call)
        told = security.acl(view.get(ACLS, id), view.tags([id]), view.all(SUBNETS, acl_id=id))
        return {"NetworkAcl": told, "ClientToken": req.get("ClientToken")}

    @operation(_ONE, writes_once=True)
    async def delete_network_acl(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            acl = edit.get(ACLS, req["NetworkAclId"])
            if acl.is_default:
                raise invalid(f"cannot delete default network ACL {acl.id}")
            if edit.all(SUBNETS, acl_id=acl.id):
                raise in_use("networkAcl", acl.id)
            edit.drop(ACLS, acl)

        await self.change(call, req, work)
        return {}

    @operation(_ONE, writes_once=True)
    async def create_network_acl_entry(self, call: Call, req: Doc) -> Doc:
        wanted = _entry(req)

        def work(edit: Edit) -> None:
            acl = edit.get(ACLS, req["NetworkAclId"])
            if _place(acl, wanted) is not None:
                raise failed(
                    "NetworkAclEntryAlreadyExists",
                    f"The network acl entry identified by {wanted.number} already exists.",
                )
            room("acl entries", [one for one in acl.entries if one.egress is wanted.egress])
            acl.entries.append(wanted)
            edit.keep(ACLS, acl)

        await self.change(call, req, work)
        return {}

    @operation(_ONE, writes_once=True)
    async def replace_network_acl_entry(self, call: Call, req: Doc) -> Doc:
        wanted = _entry(req)

        def work(edit: Edit) -> None:
            acl = edit.get(ACLS, req["NetworkAclId"])
            acl.entries[_known(acl, wanted)] = wanted
            edit.keep(ACLS, acl)

        await self.change(call, req, work)
        return {}

    @operation(_ONE, writes_once=True)
    async def delete_network_acl_entry(self, call: Call, req: Doc) -> Doc:
        wanted = AclEntry(req["RuleNumber"], req["Egress"], "", "")

        def work(edit: Edit) -> None:
            acl = edit.get(ACLS, req["NetworkAclId"])
            del acl.entries[_known(acl, wanted)]
            edit.keep(ACLS, acl)

        await self.change(call, req, work)
        return {}

    @operation(_ONE, writes_once=True)
    async def replace_network_acl_association(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> str:
            acl = edit.get(ACLS, req["NetworkAclId"])
            found = edit.all(SUBNETS, acl_association_id=req["AssociationId"])
            if not found:
                raise no_association(req["AssociationId"])
            subnet = found[0]
            if subnet.vpc_id != acl.vpc_id:
                raise invalid(f"Network ACL {acl.id} and subnet {subnet.id} belong to different networks")
            if subnet.acl_id != acl.id:
                subnet.acl_id = acl.id
                subnet.acl_association_id = new_id("aclassoc")
                edit.keep(SUBNETS, subnet)
            return subnet.acl_association_id

        return {"NewAssociationId": await self.change(call, req, work)}


def _entry(req: Doc) -> AclEntry:
    number = req["RuleNumber"]
    if not 1 <= number <= _HIGHEST:
        raise bad_value(number, "ruleNumber", f"Rule numbers are from 1 to {_HIGHEST}.")
    given = str(req["Protocol"]).lower()
    protocol = _PROTOCOLS.get(given, given)
    if protocol != "-1" and not (protocol.isdigit() and int(protocol) < 256):
        raise bad_value(given, "protocol", "Unknown protocol.")
    if ("CidrBlock" in req) == ("Ipv6CidrBlock" in req):
        raise (
            combination("The parameters cidrBlock and ipv6CidrBlock cannot be used together")
            if "CidrBlock" in req
            else missing("cidrBlock")
        )
    entry = AclEntry(number, req["Egress"], req["RuleAction"], protocol)
    entry.cidr = str(blocks.v4(req["CidrBlock"])) if "CidrBlock" in req else ""
    entry.ipv6_cidr = str(blocks.v6(req["Ipv6CidrBlock"])) if "Ipv6CidrBlock" in req else ""
    if protocol in _WITH_PORTS:
        ports = req.get("PortRange") or {}
        if ports.get("From") is None or ports.get("To") is None:
            raise missing("portRange.from")
        if not 0 <= ports["From"] <= ports["To"] <= 65535:
            raise bad_value(f"{ports['From']}-{ports['To']}", "portRange")
        entry.from_port, entry.to_port = ports["From"], ports["To"]
    if protocol in _ICMP:
        icmp = req.get("IcmpTypeCode") or {}
        if icmp.get("Type") is None:
            raise missing("icmp.type")
        entry.icmp_type, entry.icmp_code = icmp["Type"], icmp.get("Code", -1)
    return entry


def _place(acl: NetworkAcl, wanted: AclEntry) -> int | None:
    for place, one in enumerate(acl.entries):
        if (one.number, one.egress) == (wanted.number, wanted.egress):
            return place
    return None


def _known(acl: NetworkAcl, wanted: AclEntry) -> int:
    place = _place(acl, wanted)
    if place is None:
        raise failed(
            "InvalidNetworkAclEntry.NotFound",
            f"The network acl entry identified by rule number {wanted.number} and direction "
            f"{'egress' if wanted.egress else 'ingress'} does not exist in {acl.id}",
        )
    return place
