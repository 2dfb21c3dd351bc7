"""Images: listed, described, fetched, put, deleted."""

from trunkline.aws import paging
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.engines.registry import digest as digests
from trunkline.engines.registry.errors import RegistryError
from trunkline.engines.registry.interface import Manifest
from trunkline.services.ecr.api.part import Part, names, not_found, repository_arn
from trunkline.services.ecr.images import Gone, IsListed, TagIsFixed
from trunkline.services.ecr.model import Repository


class _Failure(Exception):
    """Why one image of a batch was left out."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class ImagesPart(Part):
    """Operations on images."""

    @operation(resource=repository_arn)
    async def list_images(self, call: Call, req: Doc) -> Doc:
        """Every tag with its digest, and every digest without a tag."""
        repository = self._repository(call, req)
        entries: list[Doc] = []
        for image in _filtered(self._registry.manifests(repository.id), req):
            entries += [{"imageDigest": image.digest, "imageTag": tag} for tag in image.tags]
            if not image.tags:
                entries.append({"imageDigest": image.digest})
        shown, token = paging.page(
            entries,
            req.get("maxResults", 100),
            req.get("nextToken"),
            key=lambda each: f"{each['imageDigest']} {each.get('imageTag', '')}",
            error="InvalidParameterException",
        )
        return {"imageIds": shown, "nextToken": token}

    @operation(resource=repository_arn)
    async def describe_images(self, call: Call, req: Doc) -> Doc:
        """Sizes, tags and times."""
        repository = self._repository(call, req)
        if "imageIds" in req:
            found: dict[str, Manifest] = {}
            for id in req["imageIds"]:
                try:
                    image = self._image(repository, id)
                except _Failure as error:
                    raise self._not_there(repository, id, error) from error
                found[image.digest] = image
            return {"imageDetails": [_details(repository, each) for each in found.values()]}
        shown, token = paging.page(
            _filtered(self._registry.manifests(repository.id), req),
            req.get("maxResults", 100),
            req.get("nextToken"),
            key=lambda each: each.digest,
            error="InvalidParameterException",
        )
        return {"imageDetails": [_details(repository, each) for each in shown], "nextToken": token}

    @operation(resource=repository_arn)
    async def batch_get_image(self, call: Call, req: Doc) -> Doc:
        """Manifests."""
        repository = self._repository(call, req)
        images, failures = [], []
        now = self._kit.clock.now()
        for id in req["imageIds"]:
            try:
                image = self._image(repository, id)
            except _Failure as error:
                failures.append({"imageId": id, "failureCode": error.code, "failureReason": error.reason})
                continue
            images.append(_image(repository, image.digest, id.get("imageTag"), image.body, image.media_type))
            digest = image.digest
            await self._kit.db.write(lambda tx, d=digest: self._registry.pulled(tx, repository.id, d, now))  # type: ignore[misc]
        return {"images": images, "failures": failures}

    @operation(resource=repository_arn)
    async def put_image(self, call: Call, req: Doc) -> Doc:
        """Store a manifest whose layers are there."""
        repository = self._repository(call, req)
        tag, body = req.get("imageTag"), req["imageManifest"].encode()
        try:
            parsed = self._registry.parse(body, req.get("imageManifestMediaType"), digest=req.get("imageDigest"))
        except RegistryError as error:
            wrong = error.code == "DIGEST_INVALID"
            code = "ImageDigestDoesNotMatchException" if wrong else "InvalidParameterException"
            raise AwsError(code, error.message) from error
        layers, images = self._registry.missing(repository.id, parsed)
        if layers:
            raise AwsError("LayersNotFoundException", f"Layers with digests '{layers}' do not exist")
        if images:
            raise AwsError("ReferencedImagesNotFoundException", f"Images with digests '{images}' do not exist")
        there = self._registry.manifest(repository.id, parsed.digest)
        if there is not None and (tag is None or tag in there.tags):
            text = f"Image with digest '{parsed.digest}' and tag '{tag}' already exists in the repository"
            raise AwsError("ImageAlreadyExistsException", f"{text} with name '{repository.name}'")
        try:
            await self._images.put(repository.id, parsed, tag)
        except TagIsFixed as error:
            raise AwsError("ImageTagAlreadyExistsException", str(error)) from error
        except RegistryError as error:  # its layers went meanwhile
            raise AwsError("LayersNotFoundException", error.message) from error
        except Gone as error:
            raise not_found(repository.name, repository.account) from error
        return {"image": _image(repository, parsed.digest, tag, body, parsed.media_type)}

    @operation(resource=repository_arn)
    async def batch_delete_image(self, call: Call, req: Doc) -> Doc:
        """Delete by digest, with all tags; or a tag, and with the last one the image."""
        repository = self._repository(call, req)
        deleted: list[Doc] = []
        failures: list[Doc] = []
        for id in req["imageIds"]:
            try:
                deleted += await self._delete(repository, id)
            except _Failure as error:
                failures.append({"imageId": id, "failureCode": error.code, "failureReason": error.reason})
        return {"imageIds": deleted, "failures": failures}

    @operation(resource=repository_arn)
    async def start_image_scan(self, call: Call, req: Doc) -> Doc:
        """Refused by name."""
        raise Refused("Trunkline does not scan images yet; run a scanner in a build stage.")

    async def _delete(self, repository: Repository, id: Doc) -> list[Doc]:
        image = self._image(repository, id)
        try:
            if "imageDigest" in id:
                tags = await self._images.delete(repository.id, image.digest) or ()
                return [{"imageDigest": image.digest, "imageTag": tag} for tag in tags] or [
                    {"imageDigest": image.digest}
                ]
            await self._images.untag(repository.id, id["imageTag"], delete_last=True)
            return [{"imageDigest": image.digest, "imageTag": id["imageTag"]}]
        except IsListed as error:
            raise _Failure("ImageReferencedByManifestList", str(error)) from error
        except Gone as error:
            raise not_found(repository.name, repository.account) from error

    def _image(self, repository: Repository, id: Doc) -> Manifest:
        digest, tag = id.get("imageDigest"), id.get("imageTag")
        if digest is None and tag is None:
            raise _Failure("MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null")
        if digest is not None and not digests.is_digest(digest):
            raise _Failure("InvalidImageDigest", "Invalid request parameters: image digest should satisfy the regex")
        found = self._registry.manifest(repository.id, digest or tag or "")
        if found is None:
            raise _Failure("ImageNotFound", "Requested image not found")
        if digest is not None and tag is not None and tag not in found.tags:
            raise _Failure("ImageTagDoesNotMatchDigest", "Requested image tag does not match the digest")
        return found

    def _not_there(self, repository: Repository, id: Doc, failure: _Failure) -> AwsError:
        if failure.code in ("MissingDigestAndTag", "InvalidImageDigest"):
            return AwsError("InvalidParameterException", failure.reason)
        digest, tag = id.get("imageDigest", "null"), id.get("imageTag", "null")
        text = (
            f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within the repository"
        )
        where = f"with name '{repository.name}' in the registry with id '{repository.account}'"
        return AwsError("ImageNotFoundException", f"{text} {where}")


def _filtered(images: list[Manifest], req: Doc) -> list[Manifest]:
    wanted = req.get("filter", {})
    if wanted.get("imageStatus", "ACTIVE") not in ("ACTIVE", "ANY"):
        return []  # nothing is ever archived
    status = wanted.get("tagStatus", "ANY")
    return [each for each in images if status == "ANY" or bool(each.tags) == (status == "TAGGED")]


def _image(repository: Repository, digest: str, tag: str | None, body: bytes, media_type: str) -> Doc:
    return {
        **names(repository),
        "imageId": {"imageDigest": digest, "imageTag": tag},
        "imageManifest": body.decode(),
        "imageManifestMediaType": media_type,
    }


def _details(repository: Repository, image: Manifest) -> Doc:
    return {
        **names(repository),
        "imageDigest": image.digest,
        "imageTags": list(image.tags) or None,
        "imageSizeInBytes": image.image_size,
        "imagePushedAt": image.pushed_at,
        "imageManifestMediaType": image.media_type,
        "artifactMediaType": image.artifact_type or image.config_media_type,
        "lastRecordedPullTime": image.pulled_at,
        "subjectManifestDigest": image.subject,
        "imageStatus": "ACTIVE",
    }
