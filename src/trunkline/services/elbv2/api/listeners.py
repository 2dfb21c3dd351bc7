"""Listeners: create, describe, modify, delete."""

from __future__ import annotations

from dataclasses import replace

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Reader, Tx
from trunkline.services.elbv2 import actions, addresses, described, store
from trunkline.services.elbv2.api.context import Context, mine
from trunkline.services.elbv2.api.tagging import new_tags
from trunkline.services.elbv2.errors import invalid, no_listener, no_load_balancer
from trunkline.services.elbv2.model import Listener, groups_of

MAX_LISTENERS = 50


class Listeners(Context):
    @operation("{LoadBalancerArn}")
    async def create_listener(self, call: Call, req: Doc) -> Doc:
        balancer = self._load_balancer(call, req["LoadBalancerArn"])
        _refuse(req, balancer.kind)
        if req.get("Protocol") is None or req.get("Port") is None:
            raise invalid("A listener protocol and port must be specified")
        self._check_port_free(self._db, balancer.arn, req["Port"])
        identifier, path = ids.hex_id(16), balancer.dimension
        item = Listener(
            call.arn(f"listener/{path}/{identifier}", service="elasticloadbalancing"),
            identifier,
            balancer.arn,
            req["Port"],
            _bindable(balancer.address, req["Port"]),
            [],
            call.arn(f"listener-rule/{path}/{identifier}/{ids.hex_id(16)}", service="elasticloadbalancing"),
            tags=new_tags(req.get("Tags")),
            protocol=req["Protocol"],
        )

        def add(tx: Tx) -> Listener:
            if store.load_balancer(tx, balancer.arn) is None:
                raise no_load_balancer()
            self._check_port_free(tx, balancer.arn, item.port)
            made = replace(item, actions=checked_actions(tx, call, balancer.arn, req["DefaultActions"], item.protocol))
            store.listeners.insert(tx, made)
            return made

        made = await self._control.change(add, lambda tx: store.delete_listener(tx, item))
        return {"Listeners": [described.listener(made)]}

    @operation()
    async def describe_listeners(self, call: Call, req: Doc) -> Doc:
        owner, arns = req.get("LoadBalancerArn"), req.get("ListenerArns") or []
        if bool(owner) == bool(arns):
            raise invalid("You must specify either listener ARNs or a load balancer ARN")
        if owner:
            self._load_balancer(call, owner)
            found = store.listeners.find(self._db, prefix=(owner,))
        else:
            found = [self._listener(call, arn) for arn in arns]
        shown, marker = self._page(req, found, lambda each: str(each.arn))
        return {"Listeners": [described.listener(each) for each in shown], "NextMarker": marker}

    @operation("{ListenerArn}")
    async def modify_listener(self, call: Call, req: Doc) -> Doc:
        before = self._listener(call, req["ListenerArn"])
        _refuse(req, "network" if before.protocol == "TCP" else "application")
        port = req.get("Port") or before.port
        bound_port = before.bound_port
        if port != before.port:
            self._check_port_free(self._db, before.load_balancer_arn, port)
            bound_port = _bindable(self._load_balancer(call, before.load_balancer_arn).address, port)
        after = before

        def work(tx: Tx) -> None:
            nonlocal before, after
            now = store.listener(tx, before.arn)
            if now is None:
                raise no_listener()
            before, after = now, replace(now, port=port, bound_port=bound_port)
            if req.get("DefaultActions"):
                after.actions = checked_actions(tx, call, now.load_balancer_arn, req["DefaultActions"], now.protocol)
            if port != now.port:
                self._check_port_free(tx, now.load_balancer_arn, port)
            _swap(tx, before, after)

        await self._control.change(work, lambda tx: _swap(tx, after, before))
        return {"Listeners": [described.listener(after)]}

    @operation("{ListenerArn}")
    async def delete_listener(self, call: Call, req: Doc) -> Doc:
        item = self._listener(call, req["ListenerArn"])
        await self._control.note(lambda tx: store.delete_listener(tx, item))
        return {}

    def _check_port_free(self, reader: Reader, balancer_arn: str, port: int) -> None:
        present = store.listeners.find(reader, prefix=(balancer_arn,))
        if any(listener.port == port for listener in present):
            text = f"A listener already exists on this port for this load balancer '{balancer_arn}'"
            raise AwsError("DuplicateListener", text)
        if len(present) >= MAX_LISTENERS:
            raise AwsError("TooManyListeners", f"A load balancer can have no more than {MAX_LISTENERS} listeners")


def checked_actions(
    reader: Reader, call: Call, balancer_arn: str, given: list[Doc], protocol: str = "HTTP"
) -> list[Doc]:
    """Actions as they are stored: their target groups exist, fit, and none is with another load balancer."""
    stored = actions.normalise(given, lambda arn: mine(call, arn) and store.target_group(reader, arn) is not None)
    if protocol == "TCP" and stored[0]["Type"] != "forward":
        raise AwsError("InvalidLoadBalancerAction", "The listeners of network load balancers only forward")
    for arn in groups_of(stored):
        group = store.target_group(reader, arn)
        if group is not None and group.protocol != protocol:
            text = f"The protocol of target group '{arn}' is not compatible with that of the listener ({protocol})"
            raise AwsError("IncompatibleProtocols", text)
    used = store.forwards(reader)
    elsewhere = [arn for arn in groups_of(stored) if used.get(arn, set()) - {balancer_arn}]
    if elsewhere:
        names = ", ".join(elsewhere)
        raise AwsError(
            "TargetGroupAssociationLimit",
            f"The following target groups cannot be associated with more than one load balancer: {names}",
        )
    return stored


def _swap(tx: Tx, old: Listener, new: Listener) -> None:
    store.listeners.delete(tx, old.load_balancer_arn, old.port)
    store.listeners.put(tx, new)


def _bindable(address: str, port: int) -> int:
    try:
        return addresses.port_for(address, port)
    except (addresses.PortTaken, OSError) as error:
        raise AwsError("InvalidConfigurationRequest", f"The listener cannot be opened: {error}") from error


def _refuse(req: Doc, kind: str) -> None:
    if kind == "network":
        _refuse_network(req)
        return
    protocol = req.get("Protocol", "HTTP")
    if protocol == "HTTPS" or req.get("Certificates") or req.get("SslPolicy"):
        raise Refused("Trunkline has no certificate service (ACM) yet: use Protocol=HTTP without Certificates.")
    if protocol != "HTTP":
        text = f"The protocol '{protocol}' is not supported by application load balancers"
        raise AwsError("UnsupportedProtocol", text)
    if req.get("AlpnPolicy"):
        raise invalid("ALPN policies are for TLS listeners of network load balancers")
    if (req.get("MutualAuthentication") or {}).get("Mode", "off") != "off":
        raise Refused("Trunkline has no HTTPS listeners yet: leave MutualAuthentication out.")


def _refuse_network(req: Doc) -> None:
    protocol = req.get("Protocol", "TCP")
    if protocol in ("TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"):
        raise Refused(f"Trunkline's network load balancers hand on TCP only: Protocol={protocol} is not supported.")
    if protocol != "TCP":
        raise AwsError("UnsupportedProtocol", f"The protocol '{protocol}' is not supported by network load balancers")
    for member in ("Certificates", "SslPolicy", "AlpnPolicy"):
        if req.get(member):
            raise invalid(f"{member} is for TLS listeners")
