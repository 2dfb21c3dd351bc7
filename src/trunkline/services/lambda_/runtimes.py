"""The runtimes that there are, and the image each is run in.

One image of a language stands for all of AWS's versions of it: Python 3.11 and Node.js 22. A handler that depends on a
later version's syntax needs an image of its own.
"""

from trunkline.aws.errors import AwsError, Refused

_PYTHON = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
_NODE = ("16", "18", "20", "22", "24")
_REGISTRY = "public.ecr.aws/lambda"

IMAGES = {
    **{f"python{version}": f"{_REGISTRY}/python:{version}" for version in _PYTHON},
    **{f"nodejs{version}.x": f"{_REGISTRY}/nodejs:{version}" for version in _NODE},
    "provided.al2": f"{_REGISTRY}/provided:al2",
    "provided.al2023": f"{_REGISTRY}/provided:al2023",
}
_FOREIGN = ("java", "dotnet", "ruby", "go", "dotnetcore")


def check(runtime: str) -> None:
    """Refuse a runtime that is not here: those that AWS no longer takes in AWS's words, others by name."""
    if runtime in IMAGES:
        return
    if runtime.startswith(_FOREIGN):
        raise Refused(
            f"Trunkline runs Python, Node.js and provided runtimes, not {runtime}: use an image with it, or a "
            "provided runtime.",
            code="InvalidParameterValueException",
            status=400,
        )
    newer = "python3.13" if runtime.startswith("python") else "nodejs22.x"
    raise AwsError(
        "InvalidParameterValueException",
        f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
        f"We recommend you use a supported runtime ({newer}) while creating or updating functions.",
        Type="User",
    )
