"""Deployment to S3: the artifact as one object, or its files one by one.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3Deploy.html
"""

import io
import zipfile

from trunkline.services.codepipeline.action import Action, ActionFailed, Outcome, streamed

_MEANINGS = {"true": True, "false": False}


async def perform(action: Action) -> Outcome:
    """Put the input artifact into the bucket."""
    configuration = action.configuration
    extract = _MEANINGS.get(configuration["Extract"].lower())
    if extract is None:
        raise ActionFailed("ConfigurationError", "Extract must be true or false.")
    prefix = configuration.get("ObjectKey", "")
    if not extract and not prefix:
        raise ActionFailed("ConfigurationError", "ObjectKey is needed when Extract is false.")

    async def put() -> None:
        body = await action.download(action.declaration["inputArtifacts"][0]["name"])
        if not extract:
            await _object(action, prefix, body)
            return
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                for name in archive.namelist():
                    if not name.endswith("/"):
                        await _object(action, f"{prefix.rstrip('/')}/{name}" if prefix else name, archive.read(name))
        except zipfile.BadZipFile as error:
            raise ActionFailed("InvalidArtifact", "The input artifact is not a readable zip file.") from error

    await action.wf.step("put", put)
    return Outcome(summary=f"Deployed to {configuration['BucketName']}")


async def _object(action: Action, key: str, body: bytes) -> None:
    request = {"Bucket": action.configuration["BucketName"], "Key": key, "Body": streamed(body)}
    if action.configuration.get("CacheControl"):
        request["CacheControl"] = action.configuration["CacheControl"]
    await action.call("s3", "PutObject", request)
