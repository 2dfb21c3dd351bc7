"""Files, folders and blobs of a commit."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.engines.git.interface import Entry
from trunkline.services.codecommit.api.part import REPOSITORY, Part
from trunkline.services.codecommit.finding import path_of
from trunkline.services.codecommit.model import MAX_FILE_BYTES, MODE_NAMES, Repository, is_commit_id


class Files(Part):
    """Operations on files."""

    @operation(resource=REPOSITORY)
    async def get_file(self, call: Call, req: Doc) -> Doc:
        """A file's content and where it stands."""
        repository = self._find.repository(call, req["repositoryName"])
        path = path_of(req["filePath"])
        commit = await self._find.commit(repository, req.get("commitSpecifier"))
        entry = await self._git.entry(repository.id, commit, path)
        if entry is None or entry.kind != "blob":
            raise AwsError("FileDoesNotExistException", f"The file {path} does not exist in {commit}.")
        return {
            "commitId": commit,
            "blobId": entry.id,
            "filePath": path,
            "fileMode": mode_name(entry),
            "fileSize": entry.size,
            "fileContent": await self._content(repository, entry.id, entry.size),
        }

    @operation(resource=REPOSITORY)
    async def get_blob(self, call: Call, req: Doc) -> Doc:
        """Content by its blob id."""
        repository = self._find.repository(call, req["repositoryName"])
        id = req["blobId"]
        if not is_commit_id(id):
            raise AwsError("InvalidBlobIdException", f"{id} is not a blob ID.")
        size = await self._git.size(repository.id, id)
        if size is None:
            raise AwsError("BlobIdDoesNotExistException", f"The blob {id} does not exist.")
        return {"content": await self._content(repository, id, size)}

    @operation(resource=REPOSITORY)
    async def get_folder(self, call: Call, req: Doc) -> Doc:
        """The names directly in a folder."""
        repository = self._find.repository(call, req["repositoryName"])
        path = path_of(req["folderPath"])
        commit = await self._find.commit(repository, req.get("commitSpecifier"))
        folder = await self._git.entry(repository.id, commit, path)
        if folder is None or folder.kind != "tree":
            raise AwsError("FolderDoesNotExistException", f"The folder {path} does not exist in {commit}.")
        found: dict[str, list[Doc]] = {"subFolders": [], "files": [], "symbolicLinks": [], "subModules": []}
        for entry in await self._git.folder(repository.id, folder.id):
            place = {"absolutePath": f"{path}/{entry.path}" if path else entry.path, "relativePath": entry.path}
            if entry.kind == "tree":
                found["subFolders"].append({"treeId": entry.id, **place})
            elif entry.kind == "commit":
                found["subModules"].append({"commitId": entry.id, **place})
            else:
                kind = "symbolicLinks" if mode_name(entry) == "SYMLINK" else "files"
                found[kind].append({"blobId": entry.id, **place, "fileMode": mode_name(entry)})
        return {"commitId": commit, "folderPath": path, "treeId": folder.id, **found}

    async def _content(self, repository: Repository, id: str, size: int) -> bytes:
        if size > MAX_FILE_BYTES:
            raise AwsError("FileTooLargeException", f"The file has {size} bytes; the limit is {MAX_FILE_BYTES}.")
        return await self._git.blob(repository.id, id) or b""


def mode_name(entry: Entry) -> str:
    """NORMAL, EXECUTABLE or SYMLINK."""
    return MODE_NAMES.get(entry.mode, "NORMAL")
