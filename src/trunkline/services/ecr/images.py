"""Images stored and deleted together with their events: what the API and `docker push` have in common."""

from trunkline.aws.service import Kit
from trunkline.core.db import Tx
from trunkline.engines.registry.interface import Parsed, Registry, Stored
from trunkline.services.ecr import store
from trunkline.services.ecr.events import image_action
from trunkline.services.ecr.model import Repository


class TagIsFixed(Exception):
    """The tag names another image, and the repository's tags are immutable."""

    def __init__(self, repository: str, tag: str) -> None:
        super().__init__(
            f"The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten because"
            " the tag is immutable."
        )


class Gone(Exception):
    """The repository was deleted meanwhile."""


class IsListed(Exception):
    """Indexes list the image; `parents` are their digests."""

    def __init__(self, parents: list[str]) -> None:
        super().__init__(f"Requested image referenced by manifest list: [{', '.join(parents)}]")
        self.parents = parents


class Images:
    """Changes to images, each one transaction with its events."""

    def __init__(self, kit: Kit, registry: Registry) -> None:
        self._kit = kit
        self.registry = registry

    async def put(self, repository_id: str, parsed: Parsed, tag: str | None) -> Stored:
        """Store a manifest under a tag."""
        now = self._kit.clock.now()

        def work(tx: Tx) -> Stored:
            repository = self._repository(tx, repository_id)
            stored = self.registry.store(tx, repository.id, parsed, tag, now)
            if tag is not None and stored.previous not in (None, stored.digest) and repository.is_fixed(tag):
                raise TagIsFixed(repository.name, tag)
            if stored.created or stored.previous != stored.digest:
                self._kit.ledger.append(tx, image_action(repository, "PUSH", stored.digest, tag))
            return stored

        return await self._kit.db.write(work)

    async def untag(self, repository_id: str, tag: str, *, delete_last: bool) -> str | None:
        """Remove a tag; what it named. With `delete_last`, an image goes with its last tag, as ECR's API has it."""

        def work(tx: Tx) -> str | None:
            repository = self._repository(tx, repository_id)
            digest = self.registry.untag(tx, repository.id, tag)
            if digest is None:
                return None
            self._kit.ledger.append(tx, image_action(repository, "DELETE", digest, tag))
            left = self.registry.manifest(repository.id, digest, reader=tx)
            if delete_last and left is not None and not left.tags:
                self._refuse_listed(tx, repository, digest)
                self.registry.remove(tx, repository.id, digest)
            return digest

        return await self._kit.db.write(work)

    async def delete(self, repository_id: str, digest: str) -> tuple[str, ...] | None:
        """Remove an image with its tags, which are returned; None if there is none."""

        def work(tx: Tx) -> tuple[str, ...] | None:
            repository = self._repository(tx, repository_id)
            found = self.registry.manifest(repository.id, digest, reader=tx)
            if found is None:
                return None
            self._refuse_listed(tx, repository, digest)
            self.registry.remove(tx, repository.id, digest)
            for tag in found.tags or (None,):
                self._kit.ledger.append(tx, image_action(repository, "DELETE", digest, tag))
            return found.tags

        return await self._kit.db.write(work)

    def _repository(self, tx: Tx, id: str) -> Repository:
        found = store.by_id(tx, id)
        if found is None:
            raise Gone
        return found

    def _refuse_listed(self, tx: Tx, repository: Repository, digest: str) -> None:
        parents = self.registry.parents(repository.id, digest, reader=tx)
        if parents:
            raise IsListed(parents)
