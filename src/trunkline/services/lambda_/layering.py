"""Which layers a function has: checked, and remembered with their packages."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Kit
from trunkline.services.lambda_ import store
from trunkline.services.lambda_.model import LayerUse
from trunkline.services.lambda_.naming import invalid

_MOST = 5


def layers_of(kit: Kit, call: Call, arns: list[str]) -> list[LayerUse]:
    """The layer versions with these ARNs."""
    if len(arns) > _MOST:
        raise invalid(f"Cannot reference more than {_MOST} layers.")
    found, names = [], set()
    for arn in arns:
        pieces = arn.split(":")
        if len(pieces) != 8 or not pieces[7].isdigit():
            raise invalid(f"Layer version ARN is not valid: {arn}")
        region, account, name, number = pieces[3], pieces[4], pieces[6], int(pieces[7])
        if name in names:
            raise invalid(f"Two different versions of the same layer are not allowed to be referenced: {arn}")
        names.add(name)
        layer = store.LAYERS.get(kit.db, account, region, name, number)
        if layer is None:
            if account != call.account:
                raise AwsError(
                    "AccessDeniedException",
                    f"User: {call.caller.principal.arn} is not authorized to perform: lambda:GetLayerVersion on "
                    f"resource: {arn} because no resource-based policy allows the lambda:GetLayerVersion action",
                    status=403,
                )
            raise invalid(f"Layer version {arn} does not exist.")
        found.append(LayerUse(arn, layer.code))
    return found
