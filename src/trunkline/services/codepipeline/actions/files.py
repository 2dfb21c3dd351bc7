"""Single files out of zipped artifacts."""

import io
import zipfile
from typing import Any

import orjson

from trunkline.services.codepipeline.action import Action, ActionFailed


async def text(action: Action, artifact: str, path: str) -> str:
    """A text file of an input artifact; ActionFailed when the artifact or the file cannot be read."""
    body = await action.download(artifact)
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return archive.read(path.lstrip("./")).decode()
    except KeyError as error:
        raise ActionFailed("InvalidArtifact", f"The artifact {artifact} has no file {path}.") from error
    except (zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise ActionFailed("InvalidArtifact", f"The artifact {artifact} is not a readable zip file.") from error


def json(content: str, name: str) -> Any:
    """JSON, or the failure that names the file."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise ActionFailed("InvalidArtifact", f"{name} is not valid JSON: {error}") from error
