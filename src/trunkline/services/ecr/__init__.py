"""ECR: an image registry that docker logs in to, pushes to and pulls from, behind AWS's API.

Real: repositories, `docker login` with GetAuthorizationToken's password, OCI distribution at /v2/, immutable tags,
images and layers through the API, repository policies (decided for docker too), lifecycle policies with preview,
"ECR Image Action" events. repositoryUri is 127.0.0.1:PORT/NAME, which docker takes without TLS; account and region of
a pushed image are those of the token. IAM's ecr: actions hold for docker as on AWS.

Refused: KMS encryption (images are stored unencrypted, whatever AES256 stands for on AWS), image scans (scanOnPush is
recorded, nothing is scanned), replication. Not there: pull-through caches, creation templates, signing, archiving.
"""

from trunkline.aws.service import AsgiApp, Kit, Service
from trunkline.engines import Engines
from trunkline.engines.registry.http import RegistryApp
from trunkline.services.ecr import store
from trunkline.services.ecr.api import Api
from trunkline.services.ecr.downloads import PREFIX, Downloads
from trunkline.services.ecr.expiring import Expiring
from trunkline.services.ecr.gate import EcrGate
from trunkline.services.ecr.images import Images
from trunkline.services.ecr.resources import TYPES
from trunkline.services.ecr.tokens import Tokens


def build(kit: Kit, engines: Engines) -> Service:
    """Compose the service."""
    kit.db.migrate("ecr", store.STEPS)
    images = Images(kit, engines.registry)
    tokens = Tokens(kit)
    expiring = Expiring(kit, images)
    routes: dict[str, AsgiApp] = {
        "/v2/": RegistryApp(engines.registry, EcrGate(kit, images, tokens)),
        PREFIX: Downloads(engines.registry, tokens),
    }
    return Service(
        "ecr",
        Api(kit, images, tokens, expiring),
        start=expiring.start,
        stop=expiring.stop,
        routes=routes,
        resource_types=TYPES,
    )
