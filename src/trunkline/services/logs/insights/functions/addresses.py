"""Functions of IP addresses, in plain SQL: an IPv4 address is a number, an IPv6 address 32 digits in order."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence

from trunkline.services.logs.insights.errors import MalformedQuery
from trunkline.services.logs.insights.functions.registry import Arguments, function
from trunkline.services.logs.insights.values import Value, flag, number

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_V4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
_GROUP = "[0-9A-Fa-f]{1,4}"
_V6 = "|".join(
    [f"(?:{_GROUP}:){{7}}{_GROUP}", f"(?:{_GROUP}:){{1,7}}:", f"::(?:{_GROUP}:){{0,6}}{_GROUP}"]
    + [f"(?:{_GROUP}:){{1,{7 - after}}}(?::{_GROUP}){{1,{after}}}" for after in range(1, 7)]
)
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
_RESERVED = (
    "0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
)  # fmt: skip
_GLOBAL_V6 = "2000::/3"


def is_v4(sql: str) -> str:
    return f"regexp_full_match({sql}, '{_V4}')"


def is_v6(sql: str) -> str:
    return f"regexp_full_match({sql}, '{_V6}')"


def v4_number(sql: str) -> str:
    parts = [f"TRY_CAST(split_part({sql}, '.', {place}) AS BIGINT) * {256 ** (4 - place)}" for place in (1, 2, 3, 4)]
    return f"CASE WHEN {is_v4(sql)} THEN {' + '.join(parts)} END"


def v6_digits(sql: str) -> str:
    """The address written in full: 32 digits, so that text compares as numbers do."""
    left, right = (f"list_filter(string_split(split_part({sql}, '::', {n}), ':'), lambda g: g <> '')" for n in (1, 2))
    zeros = f"list_resize(CAST([] AS VARCHAR[]), greatest(8 - len({left}) - len({right}), 0), '0')"
    groups = f"list_transform(list_concat({left}, {zeros}, {right}), lambda g: lpad(g, 4, '0'))"
    return f"CASE WHEN {is_v6(sql)} THEN lower(array_to_string({groups}, '')) END"


def _within(of: Arguments, address: str, networks: Sequence[str]) -> str:
    """Whether an address lies in one of the networks."""
    let = of.translator.relation.let
    found = [ipaddress.ip_network(one) for one in networks]
    as_number = let(v4_number(address)) if any(one.version == 4 for one in found) else ""
    as_digits = let(v6_digits(address)) if any(one.version == 6 for one in found) else ""
    tests = [
        f"{as_number} BETWEEN {int(one[0])} AND {int(one[-1])}"
        if one.version == 4
        else f"{as_digits} BETWEEN '{int(one[0]):032x}' AND '{int(one[-1]):032x}'"
        for one in found
    ]
    return f"(({' OR '.join(tests)}) IS TRUE)"


def _in_subnet(*versions: int) -> Callable[[Arguments], Value]:
    def build(of: Arguments) -> Value:
        subnet = of.constant(1)
        try:
            network = ipaddress.ip_network(subnet, strict=False)
        except ValueError:
            raise MalformedQuery(f"invalid subnet: {subnet}") from None
        if network.version not in versions:
            raise MalformedQuery(f"{subnet} is not a subnet for {of.call.written}")
        return flag(_within(of, of.text_once(0), [str(network)]))

    return build


def _public(of: Arguments) -> Value:
    address = of.text_once(0)
    v4 = f"{is_v4(address)} AND NOT {_within(of, address, (*_PRIVATE, *_RESERVED))}"
    return flag(f"((({v4}) OR {_within(of, address, [_GLOBAL_V6])}) IS TRUE)")


FUNCTIONS = {
    "isvalidip": function(lambda of: flag(f"(({is_v4(of.text_once(0))} OR {is_v6(of.text_once(0))}) IS TRUE)"), 1),
    "isvalidipv4": function(lambda of: flag(f"({is_v4(of[0].text)} IS TRUE)"), 1),
    "isvalidipv6": function(lambda of: flag(f"({is_v6(of[0].text)} IS TRUE)"), 1),
    "isipinsubnet": function(_in_subnet(4, 6), 2),
    "isipv4insubnet": function(_in_subnet(4), 2),
    "isipv6insubnet": function(_in_subnet(6), 2),
    "ipv4tonumber": function(lambda of: number(f"CAST({v4_number(of.text_once(0))} AS DOUBLE)"), 1),
    "isprivateip": function(lambda of: flag(_within(of, of.text_once(0), _PRIVATE)), 1),
    "ispublicip": function(_public, 1),
    "isreservedip": function(lambda of: flag(_within(of, of.text_once(0), _RESERVED)), 1),
}
