"""How a service's error is told by whoever ran a resource handler: one of CloudFormation's handler error codes.

CloudFormation and Cloud Control tell the same error by the same code. A thing that is in use or changed by somebody
else is a conflict; only a name that is taken is AlreadyExists.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html
"""

_PIECES = {
    "AccessDenied": ("accessdenied", "unauthorized", "notauthorized", "forbidden"),
    "NotFound": ("notfound", "nosuch", "doesnotexist"),
    "AlreadyExists": ("alreadyexists", "alreadyowned", "duplicate", "entityalready", "nameexists"),
    "ResourceConflict": ("inuse", "conflict", "dependencyviolation", "concurrent"),
    "Throttling": ("throttl", "toomanyrequests"),
    "ServiceLimitExceeded": ("limitexceeded", "toomany", "quota"),
    "NotStabilized": ("notstabilized",),
    "InternalFailure": ("internalfailure", "internalserver", "serviceunavailable"),
}


def handler_code(code: str) -> str:
    """The handler error code for a service's error code."""
    flat = code.replace(".", "").replace("Exception", "").lower()
    for found, pieces in _PIECES.items():
        if any(piece in flat for piece in pieces):
            return found
    return "InvalidRequest" if flat else "GeneralServiceException"
