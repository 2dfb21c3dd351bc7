"""Repository policies: by which a repository lets others in."""

from trunkline.aws.errors import AwsError
from trunkline.aws.policy import PolicyError, parse
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ecr.api.part import Part, names, repository_arn
from trunkline.services.ecr.model import Repository


class Policies(Part):
    """Operations on repository policies."""

    @operation(resource=repository_arn)
    async def set_repository_policy(self, call: Call, req: Doc) -> Doc:
        """Replace the policy."""
        text = req["policyText"]
        try:
            parse(text, "trust")  # like a role's, it names no resource: it stands on one
        except PolicyError as error:
            why = f"Invalid parameter at 'PolicyText' failed to satisfy constraint: '{error}'"
            raise AwsError("InvalidParameterException", why) from error
        return _shown(await self._change(call, req, policy=text))

    @operation(resource=repository_arn)
    async def get_repository_policy(self, call: Call, req: Doc) -> Doc:
        """The policy."""
        return _shown(_with_policy(self._repository(call, req)))

    @operation(resource=repository_arn)
    async def delete_repository_policy(self, call: Call, req: Doc) -> Doc:
        """Remove the policy."""
        shown = _shown(_with_policy(self._repository(call, req)))
        await self._change(call, req, policy=None)
        return shown


def _with_policy(repository: Repository) -> Repository:
    if repository.policy is None:
        text = f"Repository policy does not exist for the repository with name '{repository.name}'"
        where = f"in the registry with id '{repository.account}'"
        raise AwsError("RepositoryPolicyNotFoundException", f"{text} {where}")
    return repository


def _shown(repository: Repository) -> Doc:
    return {**names(repository), "policyText": repository.policy}
