"""Which rule of a listener a request meets, in plain Python: for the fake proxy, and to say what a rule means."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from trunkline.engines.proxy.interface import Action, Condition, Listener, Redirect, Sampling


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """Names in lower case."""
    client: str

    @property
    def host(self) -> str:
        return self.headers.get("host", "").partition(":")[0]


def choose(listener: Listener, asked: Asked) -> tuple[str, Action]:
    """The id ("default" for the default action) and the action of the first rule that matches."""
    for rule in listener.rules:
        if all(_holds(condition, asked) for condition in rule.conditions):
            return rule.id, rule.action
    return "default", listener.default


def sampling_of(listener: Listener, asked: Asked) -> tuple[int, Sampling] | None:
    """The first sampling, with its position, whose conditions are met."""
    for position, sampling in enumerate(listener.sampling):
        if all(_holds(condition, asked) for condition in sampling.conditions):
            return position, sampling
    return None


def _holds(condition: Condition, asked: Asked) -> bool:
    match condition.kind:
        case "host-header":
            return _like(condition, asked.host, fold=True)
        case "path-pattern":
            return _like(condition, asked.path, fold=False)
        case "http-header":
            value = asked.headers.get(condition.header.lower())
            return value is not None and _like(condition, value, fold=True)
        case "query-string":
            return any(_pair(key, value, asked.query) for key, value in condition.pairs)
        case "http-request-method":
            return asked.method in condition.values
        case "source-ip":
            client = ipaddress.ip_address(asked.client)
            return any(client in ipaddress.ip_network(value, strict=False) for value in condition.values)
    return False


def _like(condition: Condition, text: str, *, fold: bool) -> bool:
    flags = re.IGNORECASE if fold else 0
    if any(re.fullmatch(wildcard(value), text, flags) for value in condition.values):
        return True
    return any(re.search(regex, text, flags) for regex in condition.regex_values)


def wildcard(value: str, any_char: str = ".") -> str:
    parts = {"*": f"{any_char}*", "?": any_char}
    return "".join(parts.get(char) or re.escape(char) for char in value)


def _pair(key: str | None, value: str, query: str) -> bool:
    pattern = f"{'.*' if key is None else wildcard(key)}={wildcard(value)}"
    return any(re.fullmatch(pattern, part, re.IGNORECASE) for part in query.split("&"))


def location(redirect: Redirect, asked: Asked, port: int) -> str:
    parts = {
        "protocol": "http",
        "host": asked.host,
        "port": str(port),
        "path": asked.path.removeprefix("/"),
        "query": asked.query,
    }

    def fill(text: str) -> str:
        return re.sub(r"#\{(\w+)\}", lambda found: parts.get(found[1], found[0]), text)

    query = fill(redirect.query)
    base = f"{fill(redirect.protocol).lower()}://{fill(redirect.host)}:{fill(redirect.port)}{fill(redirect.path)}"
    return f"{base}?{query}" if query else base
