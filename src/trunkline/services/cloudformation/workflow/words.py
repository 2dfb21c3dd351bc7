"""The reasons that events and stacks give, worded as CloudFormation words them."""

from collections.abc import Iterable

USER = "User Initiated"
INITIATED = "Resource creation Initiated"
CREATE_CANCELLED = "Resource creation cancelled"
UPDATE_CANCELLED = "Resource update cancelled"
NEW_PHYSICAL = "Requested update requires the creation of a new physical resource; hence creating one."
TIMED_OUT = "Stack creation time exceeded the specified timeout. Rollback requested by user."


def handler_failed(message: str, code: str, token: str) -> str:
    return f'Resource handler returned message: "{message}" (RequestToken: {token}, HandlerErrorCode: {code})'


def custom_named(physical_id: str) -> str:
    return (
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename "
        f"{physical_id} and update the stack again."
    )


def listed(names: Iterable[str]) -> str:
    return f"[{', '.join(names)}]"


def failures(*, create: Iterable[str] = (), update: Iterable[str] = (), delete: Iterable[str] = ()) -> str:
    """ "The following resource(s) failed to create: [A, B]. " and so on, for what there is."""
    text = ""
    for verb, names in (("create", list(create)), ("update", list(update)), ("delete", list(delete))):
        if names:
            text += f"The following resource(s) failed to {verb}: {listed(names)}. "
    return text
