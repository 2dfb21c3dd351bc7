"""What every group of operations works with."""

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Kit
from trunkline.core.db import Reader
from trunkline.engines.workflows.interface import Workflows
from trunkline.services.codebuild import store
from trunkline.services.codebuild.model import Doc, Project

PROJECT = "arn:aws:codebuild:{region}:{account}:project/{name}"
PAGE = 100


class Group:
    """A group of operations."""

    def __init__(self, kit: Kit, workflows: Workflows) -> None:
        self._kit = kit
        self._db = kit.db
        self._workflows = workflows


def project(reader: Reader, call: Call, name: str) -> Project:
    """The caller's project of this name (or ARN)."""
    found = store.projects.get(reader, call.account, call.region, name.rpartition("/")[2])
    if found is None:
        raise AwsError("ResourceNotFoundException", f"Project cannot be found: {call.arn(f'project/{name}')}")
    return found


def listed(names: list[str], req: Doc, member: str) -> Doc:
    """A page of names that are in order already."""
    start = 0
    limit = int(req.get("maxResults", PAGE))
    if req.get("nextToken"):
        last = paging.decode(req["nextToken"], error="InvalidInputException", message="Invalid next token")
        start = names.index(last) + 1 if last in names else len(names)
    chosen = names[start : start + limit]
    more = start + limit < len(names)
    return {member: chosen, **({"nextToken": paging.encode(chosen[-1])} if more and chosen else {})}
