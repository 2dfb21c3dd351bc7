"""What a moved reference means here: the event, the default branch of a first push, and CloudTrail's GitPush.

Called by the git engine in the transaction that records the move, exactly once for each.
"""

from collections.abc import Callable

from trunkline.aws.audit import DETAIL_TYPE
from trunkline.core import ids
from trunkline.core.clock import Clock
from trunkline.core.db import Tx
from trunkline.core.events import Event
from trunkline.core.ledger import Ledger
from trunkline.engines.git.interface import Recorded
from trunkline.services.codecommit import store
from trunkline.services.codecommit.events import SOURCE, reference_changed
from trunkline.services.codecommit.model import BRANCHES, Repository


class Recording:
    """The git engine's recorder. `on_default_branch` is called after the commit, on the writer's thread."""

    def __init__(self, ledger: Ledger, clock: Clock, on_default_branch: Callable[[Repository], None]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._on_default_branch = on_default_branch

    def __call__(self, tx: Tx, recorded: Recorded) -> None:
        repository = store.by_id(tx, recorded.repository)
        if repository is None:
            return
        for update in recorded.updates:
            event = reference_changed(repository, update, recorded.context)
            if event is not None:
                self._ledger.append(tx, event)
        if "push" in recorded.context:
            self._ledger.append(tx, self._git_push(repository, recorded))
        self._choose_default(tx, repository, recorded)
        repository.modified = self._clock.now()
        store.REPOSITORIES.put(tx, repository)

    def _choose_default(self, tx: Tx, repository: Repository, recorded: Recorded) -> None:
        if repository.default_branch is not None:
            return
        created = [u.name.removeprefix(BRANCHES) for u in recorded.updates if u.new and u.name.startswith(BRANCHES)]
        if created:
            repository.default_branch = next((name for name in ("main", "master") if name in created), created[0])
            tx.after_commit(lambda: self._on_default_branch(repository))

    def _git_push(self, repository: Repository, recorded: Recorded) -> Event:
        now = self._clock.now()
        push = recorded.context["push"]
        detail = {
            "eventVersion": "1.11",
            "userIdentity": push["userIdentity"],
            "eventTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventSource": "codecommit.amazonaws.com",
            "eventName": "GitPush",
            "awsRegion": repository.region,
            "sourceIPAddress": push["sourceIPAddress"],
            "userAgent": push["userAgent"],
            "requestParameters": {
                "references": [
                    {"commit": update.new or update.old, "ref": update.name, "deleted": update.new is None}
                    for update in recorded.updates
                ]
            },
            "additionalEventData": {"repositoryName": repository.name, "repositoryId": repository.id},
            "resources": [
                {"accountId": repository.account, "type": "AWS::CodeCommit::Repository", "ARN": repository.arn}
            ],
            "requestID": push["requestID"],
            "eventID": ids.uuid(),
            "readOnly": False,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": repository.account,
            "eventCategory": "Management",
        }
        id = detail["eventID"]
        return Event(SOURCE, DETAIL_TYPE, detail, repository.account, repository.region, (repository.arn,), id=id)
