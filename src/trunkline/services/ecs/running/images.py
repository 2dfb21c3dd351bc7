"""Images in the forms that task definitions name them, made present on this machine."""

import base64

from trunkline.aws.errors import AwsError
from trunkline.aws.image_names import ecr_image
from trunkline.aws.service import Caller, Kit
from trunkline.engines.containers import (
    Containers,
    ContainersError,
    ContainersUnavailable,
    Image,
    NoSuchImage,
    RegistryAuth,
)
from trunkline.services.ecs.running.failure import StartFailure


class Images:
    """Pulls from Trunkline's registry each time, as AWS does; others are pulled if they are not here."""

    def __init__(self, kit: Kit, containers: Containers) -> None:
        self._kit = kit
        self._containers = containers

    async def present(self, reference: str, role: Caller | None, container: str) -> Image:
        """The image; a StartFailure with CannotPullContainerError otherwise."""
        registry = f"{self._kit.settings.host}:{self._kit.settings.port}"
        found = ecr_image(reference)
        local = f"{registry}/{found.name}" if found else reference
        try:
            if local.startswith(f"{registry}/"):
                return await self._containers.pull(local, auth=await self._auth(role, found.region if found else None))
            try:
                return await self._containers.image(local)
            except NoSuchImage:
                return await self._containers.pull(local)
        except ContainersUnavailable:
            raise
        except (ContainersError, AwsError) as error:
            message = (
                f"CannotPullContainerError: pull image manifest has been retried 1 time(s): "
                f"failed to resolve ref {reference}: {error}"
            )
            raise StartFailure(message, container) from error

    async def _auth(self, role: Caller | None, region: str | None) -> RegistryAuth | None:
        if role is None:
            return None
        as_ = role if region is None else Caller(role.account, region, role.principal, role.source_ip, role.user_agent)
        answer = await self._kit.call("ecr", "GetAuthorizationToken", {}, as_=as_)
        token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
        user, _, password = token.partition(":")
        return RegistryAuth(user, password)


def digest_of(image: Image, reference: str) -> str:
    """The manifest's digest, as ECS tells it; of the repository that was named if the engine knows it."""
    repository = reference.partition("@")[0].rpartition(":")[0] or reference
    chosen = next((one for one in image.digests if one.startswith(repository)), next(iter(image.digests), ""))
    return chosen.partition("@")[2]
