"""The exception for reasons that CloudFormation words itself."""


class Refusal(Exception):
    """A reason that is told as it is, without the words around a handler's message."""
