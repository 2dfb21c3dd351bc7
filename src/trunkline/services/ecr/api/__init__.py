"""ECR's operations, one file for each kind of thing they are about."""

from trunkline.aws.identity import Access
from trunkline.aws.policy import compiled
from trunkline.aws.service import Call, Doc, Kit
from trunkline.services.ecr import store
from trunkline.services.ecr.api.images import ImagesPart
from trunkline.services.ecr.api.layers import Layers
from trunkline.services.ecr.api.lifecycles import Lifecycles
from trunkline.services.ecr.api.policies import Policies
from trunkline.services.ecr.api.registry import RegistryPart
from trunkline.services.ecr.api.repositories import Repositories
from trunkline.services.ecr.expiring import Expiring
from trunkline.services.ecr.images import Images
from trunkline.services.ecr.tokens import Tokens


class Api(RegistryPart, Repositories, ImagesPart, Layers, Policies, Lifecycles):
    """All operations."""

    def __init__(self, kit: Kit, images: Images, tokens: Tokens, expiring: Expiring) -> None:
        self._kit = kit
        self._images = images
        self._registry = images.registry
        self._tokens = tokens
        self._expiring = expiring

    def access(self, call: Call, request: Doc) -> Access:
        """The repository's own policy, by which other accounts may be let in."""
        account = request.get("registryId", call.account)
        name = request.get("repositoryName")
        found = store.REPOSITORIES.get(self._kit.db, account, call.region, name) if isinstance(name, str) else None
        policies = () if found is None or found.policy is None else (compiled(found.policy),)
        return Access(policies=policies, account=account)
