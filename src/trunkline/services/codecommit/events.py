"""The events that CodeCommit publishes.

https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html
"""

from collections.abc import Mapping
from typing import Any

from trunkline.core.events import Event
from trunkline.engines.git.interface import RefUpdate
from trunkline.services.codecommit.model import BRANCHES, TAGS, Repository

SOURCE = "aws.codecommit"
STATE_CHANGE = "CodeCommit Repository State Change"


def reference_changed(repository: Repository, update: RefUpdate, context: Mapping[str, Any]) -> Event | None:
    """A branch or tag was created, moved or deleted; None for refs of other kinds, which AWS does not tell of."""
    kind = "branch" if update.name.startswith(BRANCHES) else "tag" if update.name.startswith(TAGS) else None
    if kind is None:
        return None
    prefix = BRANCHES if kind == "branch" else TAGS
    what = "Created" if update.old is None else "Deleted" if update.new is None else "Updated"
    detail = {
        "event": f"reference{what}",
        "repositoryName": repository.name,
        "repositoryId": repository.id,
        "referenceType": kind,
        "referenceName": update.name.removeprefix(prefix),
        "referenceFullName": update.name,
        "callerUserArn": context.get("arn", ""),
    }
    if update.new is not None:
        detail["commitId"] = update.new
    if update.old is not None:
        detail["oldCommitId"] = update.old
    for key in ("baseCommitId", "sourceCommitId", "destinationCommitId", "mergeOption", "conflictResolutionStrategy"):
        if key in context:
            detail[key] = context[key]
    return Event(SOURCE, STATE_CHANGE, detail, repository.account, repository.region, (repository.arn,))
