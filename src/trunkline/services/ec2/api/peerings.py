"""VPC peering: two VPCs that see each other, perhaps of two accounts or regions."""

from datetime import timedelta

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2.api.finding import Finding, paged, tags_for
from trunkline.services.ec2.blocks import V4
from trunkline.services.ec2.described import links
from trunkline.services.ec2.errors import failed, invalid, missing
from trunkline.services.ec2.filters import Properties, member, select
from trunkline.services.ec2.limits import room
from trunkline.services.ec2.model import Peering, PeeringSide, Vpc
from trunkline.services.ec2.store import PEERINGS, VPCS, Edit, View, new_id
from trunkline.services.ec2.store.view import missing as no_record

_PEERING: Properties = {
    "vpc-peering-connection-id": member("VpcPeeringConnectionId"),
    "status-code": member("Status", "Code"),
    "status-message": member("Status", "Message"),
    "expiration-time": member("ExpirationTime"),
    **{
        f"{side}-vpc-info.{name}": member(f"{side.capitalize()}VpcInfo", of)
        for side in ("requester", "accepter")
        for name, of in (("vpc-id", "VpcId"), ("owner-id", "OwnerId"), ("cidr-block", "CidrBlock"))
    },
}
_OPEN = ("pending-acceptance", "active")
_ONE = "arn:aws:ec2:{region}:{account}:vpc-peering-connection/{VpcPeeringConnectionId}"


class Peerings(Finding):
    """Everything about them."""

    @operation()
    async def describe_vpc_peering_connections(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        wanted = req.get("VpcPeeringConnectionIds")
        found = [_seen(view, id) for id in dict.fromkeys(wanted)] if wanted else _visible(view)
        now = self.kit.clock.now()
        tags = view.tags()
        items = []
        for one in found:
            if one.status == "pending-acceptance" and one.expires_at < now:
                one.status = "expired"
            items.append(links.peering(one, tags))
        chosen = select(items, req.get("Filters"), _PEERING)
        return paged(req, chosen, member="VpcPeeringConnections", id_member="VpcPeeringConnectionId")

    @operation("arn:aws:ec2:{region}:{account}:vpc-peering-connection/*", writes_once=True)
    async def create_vpc_peering_connection(self, call: Call, req: Doc) -> Doc:
        if "PeerVpcId" not in req:
            raise missing("peerVpcId")
        peer = (req.get("PeerOwnerId", call.account), req.get("PeerRegion", call.region))
        tags = tags_for(req, "vpc-peering-connection")
        expires = self.kit.clock.now() + timedelta(days=7)

        def work(edit: Edit) -> Peering:
            vpc = edit.get(VPCS, req["VpcId"])
            if req["PeerVpcId"] == vpc.id:
                raise invalid(f"A VPC cannot be peered with itself: {vpc.id}")
            other = VPCS.get(edit.tx, *peer, req["PeerVpcId"])
            known = [one for one in PEERINGS.find(edit.tx) if one.status in _OPEN]
            pair = {vpc.id, req["PeerVpcId"]}
            if any({one.requester.vpc_id, one.accepter.vpc_id} == pair for one in known):
                raise failed(
                    "VpcPeeringConnectionAlreadyExists",
                    f"A VPC peering connection between {vpc.id} and {req['PeerVpcId']} already exists.",
                )
            room("peerings", [one for one in known if vpc.id in (one.requester.vpc_id, one.accepter.vpc_id)])
            far = _side(other) if other else PeeringSide(*peer, req["PeerVpcId"])
            made = Peering(edit.account, edit.region, new_id("pcx"), _side(vpc), far, "pending-acceptance", expires)
            # AWS takes the request and lets it fail where the two cannot be joined.
            if other is None or _overlap(vpc, other):
                made.status = "failed"
                made.message = (
                    f"Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range: {req['PeerVpcId']}"
                )
            PEERINGS.put(edit.tx, made)
            edit.tag(made.id, tags)
            return made

        made = await self.change(call, req, work)
        return {"VpcPeeringConnection": links.peering(made, {made.id: tags})}

    @operation(_ONE, writes_once=True)
    async def accept_vpc_peering_connection(self, call: Call, req: Doc) -> Doc:
        now = self.kit.clock.now()

        def work(edit: Edit) -> Peering:
            one = _seen(edit, req["VpcPeeringConnectionId"])
            _check_accepter(edit, one)
            if one.status != "pending-acceptance" or one.expires_at < now:
                raise _wrong_state(one, "accepted")
            one.status = "active"
            _keep(edit, one)
            return one

        one = await self.change(call, req, work)
        return {"VpcPeeringConnection": links.peering(one, self.after(call).tags([one.id]))}

    @operation(_ONE, writes_once=True)
    async def reject_vpc_peering_connection(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            one = _seen(edit, req["VpcPeeringConnectionId"])
            _check_accepter(edit, one)
            if one.status != "pending-acceptance":
                raise _wrong_state(one, "rejected")
            one.status, one.message = "rejected", f"Rejected by {edit.account}"
            _keep(edit, one)

        await self.change(call, req, work)
        return {"Return": True}

    @operation(_ONE, writes_once=True)
    async def delete_vpc_peering_connection(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> None:
            one = _seen(edit, req["VpcPeeringConnectionId"])
            if one.status in ("rejected", "expired"):
                raise _wrong_state(one, "deleted")
            one.status, one.message = "deleted", f"Deleted by {edit.account}"
            _keep(edit, one)

        await self.change(call, req, work)
        return {"Return": True}

    @operation(_ONE, writes_once=True)
    async def modify_vpc_peering_connection_options(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> Doc:
            one = _seen(edit, req["VpcPeeringConnectionId"])
            if one.status != "active":
                raise _wrong_state(one, "modified")
            told: Doc = {}
            for name, side in (("Requester", one.requester), ("Accepter", one.accepter)):
                given = req.get(f"{name}PeeringConnectionOptions")
                if given is None:
                    continue
                if (side.account, side.region) != (edit.account, edit.region):
                    raise failed("OperationNotPermitted", f"The {name.lower()}'s options are its owner's to change.")
                side.remote_dns = given.get("AllowDnsResolutionFromRemoteVpc", side.remote_dns)
                told[f"{name}PeeringConnectionOptions"] = links.options(side)
            _keep(edit, one)
            return told

        return await self.change(call, req, work)


def _side(vpc: Vpc) -> PeeringSide:
    return PeeringSide(vpc.account, vpc.region, vpc.id, vpc.cidrs, [one.cidr for one in vpc.ipv6_blocks])


def _overlap(one: Vpc, other: Vpc) -> bool:
    return any(V4(mine).overlaps(V4(theirs)) for mine in one.cidrs for theirs in other.cidrs)


def _visible(view: View) -> list[Peering]:
    return [one for one in PEERINGS.find(view.reader) if one.side(view.account, view.region)]


def _seen(view: View, id: str) -> Peering:
    for one in _visible(view):
        if one.id == id:
            return one
    raise no_record(PEERINGS, id)


def _check_accepter(edit: Edit, one: Peering) -> None:
    if (one.accepter.account, one.accepter.region) != (edit.account, edit.region):
        raise failed(
            "OperationNotPermitted",
            f"User {edit.account} cannot accept or reject peering {one.id}: it is for the owner of the accepter "
            "VPC, in its region.",
        )


def _wrong_state(one: Peering, done: str) -> Exception:
    return failed(
        "InvalidStateTransition",
        f"Invalid state transition for {one.id}, attempted to be {done} in the state {one.status}",
    )


def _keep(edit: Edit, one: Peering) -> None:
    PEERINGS.put(edit.tx, one)
    for side in (one.requester, one.accepter):
        edit.touch(side.vpc_id, side.account, side.region)
