"""The tables of CodePipeline and the questions asked of them."""

from trunkline.core.db import Reader, Table, Tx
from trunkline.services.codepipeline.model import ActionRun, Execution, Pipeline, PipelineVersion

pipelines = Table("codepipeline_pipelines", Pipeline, key=("account", "region", "name"))
versions = Table("codepipeline_versions", PipelineVersion, key=("account", "region", "name", "version"))
executions = Table(
    "codepipeline_executions", Execution, key=("account", "region", "pipeline", "number"), index=("id", "status")
)
runs = Table(
    "codepipeline_action_runs", ActionRun, key=("account", "region", "execution", "order", "id"), index=("token",)
)

_TOKENS = """
CREATE TABLE codepipeline_start_tokens (
  account, region, pipeline, token, execution, PRIMARY KEY (account, region, pipeline, token)
);
"""
STEPS = [pipelines.ddl, versions.ddl, executions.ddl, runs.ddl, _TOKENS]


def execution(reader: Reader, execution_id: str) -> Execution | None:
    """The execution with this id."""
    found = executions.find(reader, id=execution_id)
    return found[0] if found else None


def of_pipeline(reader: Reader, pipeline: Pipeline | Execution) -> list[Execution]:
    """A pipeline's executions, oldest first."""
    name = pipeline.name if isinstance(pipeline, Pipeline) else pipeline.pipeline
    return executions.find(reader, prefix=(pipeline.account, pipeline.region, name))


def action_runs(reader: Reader, run: Execution) -> list[ActionRun]:
    """What the actions of an execution did, in the order they started."""
    return runs.find(reader, prefix=(run.account, run.region, run.id))


def action_run(reader: Reader, run: Execution, action_run_id: str) -> ActionRun | None:
    """One of them."""
    return next((found for found in action_runs(reader, run) if found.id == action_run_id), None)


def next_number(tx: Tx, account: str, region: str, pipeline: str) -> int:
    """The number of the next execution; numbers outlive a pipeline that is deleted and made again."""
    row = tx.one(
        "SELECT max(number) AS n FROM codepipeline_executions WHERE account = ? AND region = ? AND pipeline = ?",
        (account, region, pipeline),
    )
    return int(row["n"] or 0) + 1 if row else 1


def next_order(tx: Tx, run: Execution) -> int:
    """The place of the next action run of an execution."""
    return len(action_runs(tx, run)) + 1


def remember_token(tx: Tx, pipeline: Pipeline, token: str, execution_id: str) -> str:
    """The execution that `token` started first."""
    key = (pipeline.account, pipeline.region, pipeline.name, token)
    tx.execute("INSERT OR IGNORE INTO codepipeline_start_tokens VALUES (?, ?, ?, ?, ?)", (*key, execution_id))
    row = tx.one(
        "SELECT execution FROM codepipeline_start_tokens"
        " WHERE account = ? AND region = ? AND pipeline = ? AND token = ?",
        key,
    )
    return str(row["execution"]) if row else execution_id
