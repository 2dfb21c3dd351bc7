"""Conditions of rules: check what a request says, and hand it to the proxy.

AWS takes the values of four kinds in two forms (`Values`, or the kind's own configuration) and describes them in
both.
"""

from __future__ import annotations

import ipaddress
import re

from trunkline.aws.errors import Refused
from trunkline.engines.proxy.interface import Condition
from trunkline.services.elbv2.errors import invalid
from trunkline.services.elbv2.model import Doc

MAX_VALUES = 5
_CONFIG = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "query-string": "QueryStringConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "source-ip": "SourceIpConfig",
}
_ONCE = ("host-header", "path-pattern", "http-request-method", "source-ip")
_IN_VALUES = ("host-header", "path-pattern")


def normalise(conditions: list[Doc]) -> list[Doc]:
    """In the form in which they are stored and described."""
    stored = [_one(condition) for condition in conditions]
    fields = [condition["Field"] for condition in stored]
    for field in _ONCE:
        if fields.count(field) > 1:
            raise invalid(f"A rule can have only one '{field}' condition")
    count = sum(len(config.get("Values", [])) for condition in stored for config in _configs(condition))
    if count > MAX_VALUES:
        raise invalid(f"A rule can have no more than {MAX_VALUES} condition values")
    if not stored:
        raise invalid("At least one condition must be specified")
    return stored


def _configs(condition: Doc) -> list[Doc]:
    return [value for key, value in condition.items() if key.endswith("Config")]


def _one(condition: Doc) -> Doc:
    field = condition.get("Field") or ""
    if field not in _CONFIG:
        raise invalid(f"Condition field '{field}' must be one of '[{', '.join(sorted(_CONFIG))}]'")
    config = dict(condition.get(_CONFIG[field]) or {})
    others = [name for name in _CONFIG.values() if name != _CONFIG[field] and condition.get(name)]
    if others:
        raise invalid(f"A '{field}' condition cannot have {', '.join(others)}")
    if config.get("RegexValues") or condition.get("RegexValues"):
        raise Refused("Trunkline does not support RegexValues in rule conditions: use Values with * and ?.")
    plain = condition.get("Values")
    if plain and config.get("Values"):
        raise invalid(f"A '{field}' condition cannot have both Values and {_CONFIG[field]}")
    values = list(config.get("Values") or plain or [])
    if not values:
        raise invalid("A condition value must be specified")
    for value in values:
        _check(field, value)
    if field == "http-header":
        name = config.get("HttpHeaderName") or ""
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", name) or name.lower() == "host":
            raise invalid(f"The header name '{name}' of an 'http-header' condition is not valid")
        config["HttpHeaderName"] = name
    config["Values"] = values
    stored: Doc = {"Field": field, _CONFIG[field]: config}
    if field in _IN_VALUES:
        stored["Values"] = values
    return stored


def _check(field: str, value: object) -> None:
    if field == "query-string":
        pair = value if isinstance(value, dict) else {}
        if not pair.get("Value"):
            raise invalid("A 'query-string' condition value must have a Value")
        for part in (pair.get("Key") or "", pair["Value"]):
            if len(part) > 128 or not part.isascii() or not part.isprintable() or " " in part:
                raise invalid(f"The condition value '{part}' contains a character that is not valid in a query string")
        return
    text = str(value)
    if not 1 <= len(text) <= 128:
        raise invalid(f"The condition value '{text}' must be between 1 and 128 characters long")
    if field == "http-request-method" and not re.fullmatch(r"[A-Z_-]{1,40}", text):
        raise invalid(f"The condition value '{text}' is not a valid HTTP method")
    if field == "source-ip":
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError as error:
            raise invalid(f"The condition value '{text}' must be in CIDR format") from error
        if network.version != 4:
            raise Refused("Trunkline's load balancers have no IPv6 clients: use an IPv4 range.")
    if field == "host-header" and not re.fullmatch(r"[A-Za-z0-9.*?:_-]+", text):
        raise invalid(f"The condition value '{text}' contains a character that is not valid in a host name")
    if field == "path-pattern" and not re.fullmatch(r"[A-Za-z0-9_\-.$/~\"'@:+&*?%!,;=()]+", text):
        raise invalid(f"The condition value '{text}' contains a character that is not valid in a path")
    if field == "http-header" and not text.isprintable():
        raise invalid(f"The condition value '{text}' contains a character that is not valid in a header")


def for_proxy(conditions: list[Doc]) -> tuple[Condition, ...]:
    return tuple(_for_proxy(condition) for condition in conditions)


def _for_proxy(condition: Doc) -> Condition:
    field = condition["Field"]
    config = condition[_CONFIG[field]]
    if field == "query-string":
        return Condition(field, pairs=tuple((pair.get("Key"), pair["Value"]) for pair in config["Values"]))
    return Condition(field, tuple(config["Values"]), header=config.get("HttpHeaderName", ""))
