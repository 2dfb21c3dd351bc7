"""What the parts of the API have in common."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, Kit
from trunkline.core.db import Reader, Tx
from trunkline.engines.registry.interface import Registry
from trunkline.services.ecr import store
from trunkline.services.ecr.expiring import Expiring
from trunkline.services.ecr.images import Images
from trunkline.services.ecr.model import Repository
from trunkline.services.ecr.tokens import Tokens


def repository_arn(call: Call, req: Doc) -> str:
    """The ARN that policies are asked about."""
    return f"arn:aws:ecr:{call.region}:{req.get('registryId', call.account)}:repository/{req['repositoryName']}"


class Part:
    """Set by `Api`."""

    _kit: Kit
    _images: Images
    _registry: Registry
    _tokens: Tokens
    _expiring: Expiring

    def _repository(self, call: Call, req: Doc, *, reader: Reader | None = None) -> Repository:
        account, name = req.get("registryId", call.account), req["repositoryName"]
        found = store.REPOSITORIES.get(reader or self._kit.db, account, call.region, name)
        if found is None:
            raise not_found(name, account)
        return found

    def _shown(self, repository: Repository) -> Doc:
        return {
            "repositoryArn": repository.arn,
            "registryId": repository.account,
            "repositoryName": repository.name,
            "repositoryUri": f"127.0.0.1:{self._kit.settings.port}/{repository.name}",
            "createdAt": repository.created,
            "imageTagMutability": repository.mutability,
            "imageTagMutabilityExclusionFilters": [
                {"filterType": "WILDCARD", "filter": each} for each in repository.exclusions
            ]
            or None,
            "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
            "encryptionConfiguration": {"encryptionType": "AES256"},
        }

    async def _change(self, call: Call, req: Doc, **values: object) -> Repository:
        """Set attributes of a repository."""

        def work(tx: Tx) -> Repository:
            repository = self._repository(call, req, reader=tx)
            for name, value in values.items():
                setattr(repository, name, value)
            store.REPOSITORIES.put(tx, repository)
            return repository

        return await self._kit.db.write(work)


def names(repository: Repository) -> Doc:
    """The members that most answers begin with."""
    return {"registryId": repository.account, "repositoryName": repository.name}


def not_found(name: str, account: str) -> AwsError:
    """The error for a repository that is not there."""
    text = f"The repository with name '{name}' does not exist in the registry with id '{account}'"
    return AwsError("RepositoryNotFoundException", text)
