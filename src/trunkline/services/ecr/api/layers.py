"""Layers through the API: uploaded part by part, checked, downloaded."""

from collections.abc import AsyncIterator

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.engines.registry import digest as digests
from trunkline.engines.registry.errors import RegistryError
from trunkline.services.ecr.api.part import Part, names, repository_arn
from trunkline.services.ecr.downloads import PREFIX
from trunkline.services.ecr.model import Repository

_PART_BYTES = 10 * 1024 * 1024


class Layers(Part):
    """Operations on layers."""

    @operation(resource=repository_arn, mutates=False)
    async def batch_check_layer_availability(self, call: Call, req: Doc) -> Doc:
        """Which layers need not be uploaded."""
        repository = self._repository(call, req)
        layers, failures = [], []
        for digest in req["layerDigests"]:
            if not digests.is_digest(digest):
                failures.append(
                    {
                        "layerDigest": digest,
                        "failureCode": "InvalidLayerDigest",
                        "failureReason": "Invalid layer digest: it is not of the form algorithm:hex",
                    }
                )
                continue
            blob = self._registry.blob(repository.id, digest)
            layers.append(
                {
                    "layerDigest": digest,
                    "layerAvailability": "UNAVAILABLE" if blob is None else "AVAILABLE",
                    "layerSize": None if blob is None else blob.size,
                }
            )
        return {"layers": layers, "failures": failures}

    @operation(resource=repository_arn)
    async def get_download_url_for_layer(self, call: Call, req: Doc) -> Doc:
        """An address that works without credentials for an hour."""
        repository = self._repository(call, req)
        digest = req["layerDigest"]
        if not digests.is_digest(digest) or self._registry.blob(repository.id, digest) is None:
            raise AwsError("LayersNotFoundException", f"Layers with digests '[{digest}]' do not exist")
        host = call.host or f"127.0.0.1:{self._kit.settings.port}"
        return {
            "downloadUrl": f"http://{host}{PREFIX}{self._tokens.layer(repository.id, digest)}",
            "layerDigest": digest,
        }

    @operation(resource=repository_arn, mutates=False)
    async def initiate_layer_upload(self, call: Call, req: Doc) -> Doc:
        """Begin."""
        repository = self._repository(call, req)
        return {"uploadId": await self._registry.begin(repository.id), "partSize": _PART_BYTES}

    @operation(resource=repository_arn, mutates=False)
    async def upload_layer_part(self, call: Call, req: Doc) -> Doc:
        """The next part."""
        repository = self._repository(call, req)
        upload, data = req["uploadId"], req["layerPartBlob"]
        first, last = req["partFirstByte"], req["partLastByte"]
        try:
            offset = self._registry.offset(repository.id, upload)
            if last - first + 1 != len(data) or first != offset:
                raise _invalid_part(repository, upload, offset)
            reached = await self._registry.append(repository.id, upload, _once(data), start=first, end=last)
        except RegistryError as error:
            if error.code == "BLOB_UPLOAD_UNKNOWN":
                raise _unknown(upload) from error
            raise _invalid_part(repository, upload, self._registry.offset(repository.id, upload)) from error
        return {**names(repository), "uploadId": upload, "lastByteReceived": reached - 1}

    @operation(resource=repository_arn, mutates=False)
    async def complete_layer_upload(self, call: Call, req: Doc) -> Doc:
        """Check the digest and keep the layer."""
        repository = self._repository(call, req)
        upload, digest = req["uploadId"], req["layerDigests"][0]
        try:
            if self._registry.offset(repository.id, upload) == 0:
                raise AwsError("EmptyUploadException", "The upload has no parts.")
            if self._registry.blob(repository.id, digest) is not None:
                text = f"Layer with digest '{digest}' already exists in the repository with name '{repository.name}'"
                raise AwsError("LayerAlreadyExistsException", text)
            blob = await self._registry.finish(repository.id, upload, digest)
        except RegistryError as error:
            if error.code == "BLOB_UPLOAD_UNKNOWN":
                raise _unknown(upload) from error
            raise AwsError("InvalidLayerException", "Layer digest does not match the uploaded content.") from error
        return {**names(repository), "uploadId": upload, "layerDigest": blob.digest}


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _unknown(upload: str) -> AwsError:
    return AwsError("UploadNotFoundException", f"The upload with id '{upload}' does not exist")


def _invalid_part(repository: Repository, upload: str, offset: int) -> AwsError:
    text = f"The next part must begin with byte {offset}, and have as many bytes as its range says."
    members = {**names(repository), "uploadId": upload, "lastValidByteReceived": offset - 1}
    return AwsError("InvalidLayerPartException", text, **members)
