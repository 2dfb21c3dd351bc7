"""Where code comes from: a zip in the request, an object in S3, an image in a registry."""

import base64
from typing import Any

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.image_names import ecr_image
from trunkline.aws.service import Call, Caller, Doc, Kit
from trunkline.engines.containers import Containers, ContainersError, NoSuchImage, RegistryAuth
from trunkline.services.lambda_.model import Code
from trunkline.services.lambda_.naming import invalid
from trunkline.services.lambda_.packages import PackageError, Packages

_IN_S3 = {
    "NoSuchKey": "The specified key does not exist.",
    "NoSuchBucket": "The specified bucket does not exist",
    "AccessDenied": "Access Denied",
}


class Sources:
    def __init__(self, kit: Kit, packages: Packages, containers: Containers) -> None:
        self._kit = kit
        self._packages = packages
        self._containers = containers

    async def code(self, call: Call, given: Doc, package_type: str) -> Code:
        """The deployment package that FunctionCode or a layer's content names."""
        if given.get("S3ObjectStorageMode") == "REFERENCE":
            raise Refused(
                "Trunkline copies code from S3 and does not refer to it.", code="InvalidParameterValueException"
            )
        if package_type == "Image":
            if not given.get("ImageUri"):
                raise invalid("Please provide ImageUri when updating a function with packageType Image.")
            return await self._image(call, given["ImageUri"])
        if given.get("ImageUri"):
            raise invalid("Please don't provide ImageUri when updating a function with packageType Zip.")
        try:
            if given.get("ZipFile") is not None:
                return await self._packages.add(given["ZipFile"], is_direct=True)
            if given.get("S3Bucket") and given.get("S3Key"):
                return await self._packages.add(await self._from_s3(call, given), is_direct=False)
        except PackageError as error:
            raise invalid(str(error)) from error
        raise invalid("Please provide a source for function code.")

    async def _from_s3(self, call: Call, given: Doc) -> bytes:
        params = {"Bucket": given["S3Bucket"], "Key": given["S3Key"]}
        if given.get("S3ObjectVersion"):
            params["VersionId"] = given["S3ObjectVersion"]
        try:
            answer = await self._kit.call("s3", "GetObject", params, as_=call.caller)
            return await _whole(answer["Body"])
        except AwsError as error:
            code = error.code.removesuffix("Exception")
            why = error.message or _IN_S3.get(code, "")
            raise invalid(f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {why}") from error

    async def _image(self, call: Call, uri: str) -> Code:
        caller = Caller.service("lambda.amazonaws.com", call.account, call.region)
        reference = local_reference(self._kit, uri)
        try:
            image_id, size, digest = await self.pulled(reference, caller)
        except ContainersError as error:
            raise invalid(f"Source image {uri} does not exist. Provide a valid source image. ({error})") from error
        repository = uri.partition("@")[0].rpartition(":")[0] or uri
        sha = (digest or image_id).removeprefix("sha256:")
        return Code(sha, size, image_uri=uri, resolved_image_uri=f"{repository}@sha256:{sha}")

    async def pulled(self, reference: str, caller: Caller) -> tuple[str, int, str]:
        """Id, size and digest of an image that is on this machine afterwards."""
        registry = f"{self._kit.settings.host}:{self._kit.settings.port}/"
        if reference.startswith(registry):
            answer = await self._kit.call("ecr", "GetAuthorizationToken", {}, as_=caller)
            token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
            user, _, password = token.partition(":")
            image = await self._containers.pull(reference, auth=RegistryAuth(user, password))
        else:
            try:
                image = await self._containers.image(reference)
            except NoSuchImage:
                image = await self._containers.pull(reference)
        repository = reference.partition("@")[0].rpartition(":")[0] or reference
        digest = next((one for one in image.digests if one.startswith(repository)), "").partition("@")[2]
        return image.id, image.size_bytes, digest


def local_reference(kit: Kit, uri: str) -> str:
    """An image in AWS's form as this machine's container engine reaches it."""
    found = ecr_image(uri)
    return f"{kit.settings.host}:{kit.settings.port}/{found.name}" if found else uri


async def _whole(body: Any) -> bytes:
    return body if isinstance(body, bytes) else b"".join([chunk async for chunk in body])
