"""AWS's wire protocols: from a request to an operation's members, and from its result or error to an answer.

Order of calls: `route_head` once the head is there; read the body unless the route `streams`; `route_body` if the head
named no operation; verify the signature; undo gzip or aws-chunked; `Route.parse`; perform; `Route.answer`. Whatever
raises an AwsError on the way, `failure` writes it in the request's protocol.
"""

from trunkline.aws.protocols.routing import (
    Route,
    UnknownService,
    failure,
    route,
    route_body,
    route_head,
    route_to,
    wire_of,
)
from trunkline.aws.protocols.wire import Found, Wire

__all__ = [
    "Found",
    "Route",
    "UnknownService",
    "Wire",
    "failure",
    "route",
    "route_body",
    "route_head",
    "route_to",
    "wire_of",
]
