"""Finding buses and rules by the names and ARNs that requests use."""

from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc
from trunkline.core.db import Reader
from trunkline.services.events import store
from trunkline.services.events.model import DEFAULT_BUS, Rule, bus_arn, rule_arn


def bus_name(text: str | None) -> str:
    """The name of a bus given by name or ARN; none given is the default bus."""
    return DEFAULT_BUS if text is None else text.rpartition("/")[2] if text.startswith("arn:") else text


def known_bus(reader: Reader, call: Call, text: str | None) -> str:
    """The name of a bus that exists."""
    name = bus_name(text)
    if name != DEFAULT_BUS and store.BUSES.get(reader, call.account, call.region, name) is None:
        raise no_bus(name)
    return name


def known_rule(reader: Reader, call: Call, req: Doc, member: str = "Name") -> Rule:
    """The rule a request names."""
    bus = known_bus(reader, call, req.get("EventBusName"))
    found = store.RULES.get(reader, call.account, call.region, bus, req[member])
    if found is None:
        raise AwsError("ResourceNotFoundException", f"Rule {req[member]} does not exist on EventBus {bus}.")
    return found


def no_bus(name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Event bus {name} does not exist.")


def invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message, status=400)


def rule_resource(call: Call, req: Doc) -> str:
    """The ARN of the rule a request is about."""
    name: Any = req.get("Name") or req.get("Rule")
    return rule_arn(call.account, call.region, bus_name(req.get("EventBusName")), str(name))


def bus_resource(call: Call, req: Doc) -> str:
    """The ARN of the bus a request is about."""
    return bus_arn(call.account, call.region, bus_name(req.get("Name") or req.get("EventBusName")))
