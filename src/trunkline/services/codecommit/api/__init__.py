"""CodeCommit's operations, one file for each kind of thing they are about."""

from trunkline.aws.identity import Access
from trunkline.aws.service import Call, Doc
from trunkline.services.codecommit.api.branches import Branches
from trunkline.services.codecommit.api.commits import Commits
from trunkline.services.codecommit.api.files import Files
from trunkline.services.codecommit.api.merging import Merging
from trunkline.services.codecommit.api.repositories import Repositories
from trunkline.services.codecommit.api.triggers import Triggers
from trunkline.services.codecommit.finding import Finding


class Api(Repositories, Branches, Commits, Files, Merging, Triggers):
    """All operations."""

    def __init__(self, finding: Finding) -> None:
        self._find = finding
        self._kit = finding.kit
        self._git = finding.git

    def access(self, call: Call, request: Doc) -> Access:
        """The condition key by which policies protect branches.

        https://docs.aws.amazon.com/codecommit/latest/userguide/how-to-conditional-branch.html
        """
        name = request.get("branchName") or request.get("targetBranch") or request.get("destinationReference")
        if not isinstance(name, str):
            return Access()
        return Access(context={"codecommit:References": name if name.startswith("refs/") else f"refs/heads/{name}"})
