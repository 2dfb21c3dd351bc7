"""Single files out of zipped artifacts."""

import io
import zipfile
import zlib
from typing import Any

import orjson

from trunkline.services.codepipeline.action import Action, ActionFailed

_MAX_BYTES = 4_000_000
# What zipfile raises for archives that are damaged, encrypted or packed in a way it does not know.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError)


async def text(action: Action, artifact: str, path: str) -> str:
    """A text file of an input artifact; ActionFailed when the artifact or the file cannot be read."""
    body = await action.download(artifact)
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            name = path.removeprefix("./")
            if archive.getinfo(name).file_size > _MAX_BYTES:
                raise ActionFailed("InvalidArtifact", f"The file {path} of the artifact {artifact} is too large.")
            return archive.read(name).decode()
    except KeyError as error:
        raise ActionFailed("InvalidArtifact", f"The artifact {artifact} has no file {path}.") from error
    except UnicodeDecodeError as error:
        raise ActionFailed("InvalidArtifact", f"The file {path} of the artifact {artifact} is not text.") from error
    except _UNREADABLE as error:
        raise ActionFailed("InvalidArtifact", f"The artifact {artifact} is not a readable zip file.") from error


def json(content: str, name: str) -> Any:
    """JSON, or the failure that names the file."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise ActionFailed("InvalidArtifact", f"{name} is not valid JSON: {error}") from error


def dumped(document: object) -> str:
    """A document as JSON text."""
    return orjson.dumps(document).decode()
