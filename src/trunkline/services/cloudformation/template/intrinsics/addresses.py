"""Fn::Cidr: blocks of addresses cut from one, IPv4 and IPv6.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-cidr.html
"""

import ipaddress
from itertools import islice
from typing import Any

from trunkline.services.cloudformation.template import words
from trunkline.services.cloudformation.template.errors import UNKNOWN, TemplateError
from trunkline.services.cloudformation.template.intrinsics.calling import intrinsic, text
from trunkline.services.cloudformation.template.scope import Scope

_MOST = 256
_DEFAULT_BITS = {4: 8, 6: 64}


@intrinsic("Fn::Cidr")
async def cidr(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, list) or len(argument) not in {2, 3}:
        raise TemplateError(words.CIDR)
    given = [await text(item, scope, words.CIDR) for item in argument]
    if any(UNKNOWN in item for item in given):
        return UNKNOWN
    return blocks(given[0], given[1], given[2] if len(given) == 3 else None)


def blocks(block: str, count: str, bits: str | None) -> list[str]:
    """`count` subnets of `block` that each leave `bits` bits for hosts."""
    try:
        network = ipaddress.ip_network(block, strict=False)
        wanted = int(count)
        host_bits = _DEFAULT_BITS[network.version] if bits is None else int(bits)
    except ValueError as error:
        raise TemplateError(words.CIDR) from error
    if not 1 <= wanted <= _MOST:
        raise TemplateError(f"Template error: Fn::Cidr count must be between 1 and {_MOST}, not {wanted}")
    prefix = network.max_prefixlen - host_bits
    if (
        not 1 <= host_bits <= network.max_prefixlen
        or prefix < network.prefixlen
        or 1 << (prefix - network.prefixlen) < wanted
    ):
        raise TemplateError(
            f"Template error: Fn::Cidr cannot cut {wanted} blocks with {host_bits} cidrBits from {network}"
        )
    return [str(subnet) for subnet in islice(network.subnets(new_prefix=prefix), wanted)]
