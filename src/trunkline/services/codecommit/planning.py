"""What a request to commit files comes to: the edits, and which files they add, update and delete.

Pure rules over what stands in the parent commit. Errors are those of CreateCommit; PutFile and DeleteFile share them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Doc
from trunkline.engines.git.interface import Edit, Entry
from trunkline.services.codecommit.finding import path_of
from trunkline.services.codecommit.model import MAX_FILE_BYTES, MAX_FILES, MODE_NAMES, MODES


@dataclass(slots=True)
class Put:
    """A file to be written: its content, or the file it is copied or moved from."""

    path: str
    content: bytes | None
    source: str | None
    move: bool
    mode: str | None


@dataclass(slots=True)
class Wish:
    """What a request asks for, with its paths checked."""

    puts: list[Put]
    deletes: list[str]
    modes: dict[str, str]

    @property
    def paths(self) -> list[str]:
        """Every path whose entry in the parent commit matters, folders above them included."""
        named = [*self.deletes, *self.modes, *(put.source for put in self.puts if put.source)]
        above = [folder for put in self.puts for folder in [*folders(put.path), put.path]]
        return list(dict.fromkeys([*named, *above]))


@dataclass(slots=True)
class Plan:
    """Edits, and the files they touch with the entry each had before."""

    edits: list[Edit] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    deleted: list[Entry] = field(default_factory=list)


def wish(req: Doc) -> Wish:
    """CreateCommit's three lists."""
    puts = [_put(each) for each in req.get("putFiles", ())]
    deletes = [path_of(each["filePath"]) for each in req.get("deleteFiles", ())]
    modes = [(path_of(each["filePath"]), MODES[each["fileMode"]]) for each in req.get("setFileModes", ())]
    count = len(puts) + len(deletes) + len(modes)
    if count == 0:
        raise AwsError("FileEntryRequiredException", "The commit needs at least one file to put, delete or change.")
    if count > MAX_FILES:
        raise AwsError("MaximumFileEntriesExceededException", f"A commit can change at most {MAX_FILES} files.")
    _refuse_repeated([*(put.path for put in puts), *deletes, *(path for path, _ in modes)])
    _refuse_nested([put.path for put in puts])
    return Wish(puts, deletes, dict(modes))


def plan(asked: Wish, before: Mapping[str, Entry]) -> Plan:
    """The edits; `before` has what stands at `asked.paths`."""
    made = Plan()
    moved = [put.source for put in asked.puts if put.move and put.source]
    for path in [*asked.deletes, *moved]:
        made.deleted.append(_file(path, before))
        made.edits.append(Edit(path))
    gone = {*asked.deletes, *moved}
    if len(gone) != len(made.deleted):
        raise AwsError("RestrictedSourceFileException", "A file that is moved can't be moved or deleted a second time.")
    for put in asked.puts:
        made.edits.append(_edit(put, before, gone))
        existed = put.path in before and put.path not in gone
        (made.updated if existed else made.added).append(put.path)
    for path, mode in asked.modes.items():
        made.edits.append(Edit(path, blob=_file(path, before).id, mode=mode))
        made.updated.append(path)
    return made


def listed(paths: Sequence[str], after: Mapping[str, Entry]) -> list[Doc]:
    """Files as CreateCommit's answer lists them."""
    return [shown(after[path]) for path in paths if path in after]


def shown(entry: Entry) -> Doc:
    """One file of that list."""
    return {"absolutePath": entry.path, "blobId": entry.id, "fileMode": MODE_NAMES.get(entry.mode, "NORMAL")}


def folders(path: str) -> list[str]:
    """The folders above a path."""
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]


def _put(each: Doc) -> Put:
    path = path_of(each["filePath"])
    if path == "":
        raise AwsError("InvalidPathException", "The path names the root of the repository, not a file.")
    content, source = each.get("fileContent"), each.get("sourceFile")
    if content is None and source is None:
        raise AwsError("SourceFileOrContentRequiredException", f"{path} needs content or a source file.")
    if content is not None and source is not None:
        raise AwsError("FileContentAndSourceFileSpecifiedException", f"{path} has both content and a source file.")
    if content is not None and len(content) > MAX_FILE_BYTES:
        raise AwsError("FileContentSizeLimitExceededException", f"{path} is larger than {MAX_FILE_BYTES} bytes.")
    mode = MODES[each["fileMode"]] if "fileMode" in each else None
    if source is None:
        return Put(path, content, None, False, mode)
    return Put(path, None, path_of(source["filePath"]), bool(source.get("isMove")), mode)


def _edit(put: Put, before: Mapping[str, Entry], gone: set[str]) -> Edit:
    for folder in folders(put.path):
        found = before.get(folder)
        if found is not None and found.kind == "commit":
            raise AwsError("FilePathConflictsWithSubmodulePathException", f"{folder} is a submodule.")
        if found is not None and found.kind == "blob" and folder not in gone:
            raise AwsError("DirectoryNameConflictsWithFileNameException", f"{folder} is a file, not a folder.")
    found = before.get(put.path)
    if found is not None and found.kind == "tree":
        raise AwsError("FileNameConflictsWithDirectoryNameException", f"{put.path} is a folder, not a file.")
    if found is not None and found.kind == "commit":
        raise AwsError("FilePathConflictsWithSubmodulePathException", f"{put.path} is a submodule.")
    if put.source is None:
        return Edit(put.path, content=put.content, mode=put.mode or MODES["NORMAL"])
    source = _file(put.source, before)
    return Edit(put.path, blob=source.id, mode=put.mode or source.mode)


def _file(path: str, before: Mapping[str, Entry]) -> Entry:
    found = before.get(path)
    if found is None or found.kind != "blob":
        raise AwsError("FileDoesNotExistException", f"The file {path} does not exist.")
    return found


def _refuse_repeated(paths: list[str]) -> None:
    for path in paths:
        if paths.count(path) > 1:
            raise AwsError("SamePathRequestException", f"{path} is named more than once.")


def _refuse_nested(paths: list[str]) -> None:
    above = {folder: path for path in paths for folder in folders(path)}
    for path in paths:
        if path in above:
            raise AwsError("PutFileEntryConflictException", f"{path} is both a file and the folder of {above[path]}.")
