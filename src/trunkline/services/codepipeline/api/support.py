"""What every group of operations works with."""

from trunkline.aws import paging
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, Kit
from trunkline.core.db import Reader
from trunkline.engines.workflows.interface import Workflows
from trunkline.services.codepipeline import store
from trunkline.services.codepipeline.model import Execution, Pipeline
from trunkline.services.codepipeline.progress import Progress
from trunkline.services.codepipeline.starting import Starter

PIPELINE = "arn:aws:codepipeline:{region}:{account}:{pipelineName}"
NAMED = "arn:aws:codepipeline:{region}:{account}:{name}"


class Group:
    """A group of operations."""

    def __init__(self, kit: Kit, workflows: Workflows, progress: Progress, starter: Starter) -> None:
        self._kit = kit
        self._db = kit.db
        self._workflows = workflows
        self._progress = progress
        self._starter = starter


def pipeline(reader: Reader, call: Call, name: str) -> Pipeline:
    """The caller's pipeline of this name."""
    found = store.pipelines.get(reader, call.account, call.region, name)
    if found is None:
        raise AwsError(
            "PipelineNotFoundException",
            f"Account '{call.account}' does not have a pipeline with name '{name}'",
        )
    return found


def execution(reader: Reader, call: Call, name: str, execution_id: str) -> Execution:
    """An execution of the caller's pipeline."""
    owner = pipeline(reader, call, name)
    found = store.execution(reader, execution_id)
    if found is None or (found.account, found.region, found.pipeline) != (call.account, call.region, owner.name):
        raise AwsError(
            "PipelineExecutionNotFoundException",
            f"The pipeline execution with ID '{execution_id}' cannot be found for pipeline '{name}'.",
        )
    return found


def paged(items: list[Doc], req: Doc, default: int, member: str, key: str) -> Doc:
    """A page of already ordered items, newest first as AWS lists them."""
    limit = int(req.get("maxResults", default))
    token = req.get("nextToken")
    start = 0
    if token:
        last = paging.decode(token)
        start = next((n + 1 for n, item in enumerate(items) if item[key] == last), len(items))
    chosen = items[start : start + limit]
    answer: Doc = {member: chosen}
    if start + limit < len(items):
        answer["nextToken"] = paging.encode(chosen[-1][key])
    return answer
