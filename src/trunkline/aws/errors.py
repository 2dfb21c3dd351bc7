"""Errors that a client is meant to see."""

from typing import Any


class AwsError(Exception):
    """An error AWS declares. `code` is the error shape's name or its code on the wire, as the model gives it.

    The HTTP status comes from the model; `status` is for errors that no model declares. Further `members` of the error
    shape go to the client too.
    """

    def __init__(self, code: str, message: str = "", *, status: int | None = None, **members: Any) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.status = status
        self.members = members


class Refused(AwsError):
    """Something AWS does and Trunkline does not: the message names it and says what to do instead."""

    def __init__(self, message: str, *, code: str = "NotImplemented", status: int | None = 501, **members: Any) -> None:
        super().__init__(code, message, status=status, **members)
