"""CodeCommit: git repositories that stock git, the AWS CLI and boto3 clone, push and commit to.

Real: repositories (bare git repositories, served by git itself), branches, commits made through the API, files,
differences, history, merges, tags, triggers to SNS and Lambda, "CodeCommit Repository State Change" events,
CloudTrail's GitPush, IAM's codecommit:GitPull and GitPush with the codecommit:References condition, git over HTTP with
the AWS CLI's credential helper, git-remote-codecommit's signatures and IAM's service-specific credentials.

Refused: kmsKeyId (repositories are stored unencrypted), conflict resolution in merges. Not there
yet: pull requests, comments, approval rules; SSH.
"""

import asyncio

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.codecommit import store
from trunkline.services.codecommit.api import Api
from trunkline.services.codecommit.events import SOURCE, STATE_CHANGE
from trunkline.services.codecommit.finding import Finding
from trunkline.services.codecommit.git_http import PREFIX, GitHttp
from trunkline.services.codecommit.model import BRANCHES, Repository
from trunkline.services.codecommit.reactions import Triggering
from trunkline.services.codecommit.recording import Recording
from trunkline.services.codecommit.resources import TYPES


def build(kit: Kit, engines: Engines) -> Service:
    """Compose the service."""
    kit.db.migrate("codecommit", store.STEPS)
    git = engines.git
    heads = _Heads(kit, engines)
    git.record_with(Recording(kit.ledger, kit.clock, heads.soon))
    kit.bus.subscribe("codecommit-triggers", Triggering(kit), sources=(SOURCE,), detail_types=(STATE_CHANGE,))
    return Service(
        "codecommit",
        Api(Finding(kit, git)),
        start=heads.start,
        routes={PREFIX: GitHttp(kit, git)},
        resource_types=TYPES,
    )


class _Heads:
    """Keeps git's HEAD what the repository's default branch is; the database says, the file follows."""

    def __init__(self, kit: Kit, engines: Engines) -> None:
        self._db = kit.db
        self._git = engines.git
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Catch up with what a killed process had decided and not written."""
        self._loop = asyncio.get_running_loop()
        for repository in store.REPOSITORIES.find(self._db):
            await self._set(repository)

    def soon(self, repository: Repository) -> None:
        """From the writer's thread: the first push chose a default branch."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._begin, repository)

    def _begin(self, repository: Repository) -> None:
        task = asyncio.ensure_future(self._set(repository))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _set(self, repository: Repository) -> None:
        if repository.default_branch is not None:
            await self._git.set_head(repository.id, BRANCHES + repository.default_branch)
