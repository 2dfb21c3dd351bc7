"""Which files of a directory an artifact or a report takes, and packing them.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html#build-spec.artifacts.files
"""

import fnmatch
import io
import posixpath
import re
import tarfile
import zipfile
import zlib

MAX_BYTES = 1024 * 1024 * 1024
# What zipfile raises for archives that are damaged, encrypted or packed in a way it does not know.
UNREADABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError)


def pattern(glob: str) -> re.Pattern[str]:
    """A path pattern: `**/*` takes everything below, `*` stays in its folder."""
    out, place = "", 0
    glob = glob.removeprefix("./")
    while place < len(glob):
        if glob.startswith("**/", place):
            out, place = out + "(?:.*/)?", place + 3
        elif glob.startswith("**", place):
            out, place = out + ".*", place + 2
        elif glob[place] == "*":
            out, place = out + "[^/]*", place + 1
        elif glob[place] == "?":
            out, place = out + "[^/]", place + 1
        elif glob[place] == "[" and "]" in glob[place:]:
            end = glob.index("]", place) + 1
            out, place = out + fnmatch.translate(glob[place:end])[4:-3], end
        else:
            out, place = out + re.escape(glob[place]), place + 1
    return re.compile(f"(?s:{out})")


def select(
    archive: bytes, globs: list[str], exclude: list[str], *, discard_paths: bool
) -> dict[str, tuple[bytes, int]]:
    """Files of a tar archive (whose first folder is the directory itself) by path: content and mode."""
    wanted, unwanted = [pattern(g) for g in globs], [pattern(g) for g in exclude]
    found: dict[str, tuple[bytes, int]] = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            path = member.name.partition("/")[2]
            if not path or not (member.isfile() or member.issym() or member.islnk()):
                continue
            if not any(p.fullmatch(path) for p in wanted) or any(p.fullmatch(path) for p in unwanted):
                continue
            try:
                file = tar.extractfile(member)
            except KeyError:  # a link out of the directory
                continue
            if file is not None:
                found[posixpath.basename(path) if discard_paths else path] = (file.read(), member.mode)
    return found


def zipped(files: dict[str, tuple[bytes, int]]) -> bytes:
    """Files as a zip archive that keeps their modes; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            content, mode = files[path]
            info = zipfile.ZipInfo(path)
            info.external_attr = (0o100000 | mode) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return out.getvalue()


def zip_to_tar(content: bytes, folder: str) -> bytes:
    """A zipped source as a tar archive with everything below `folder`. ValueError when it is no zip."""
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as source, tarfile.open(fileobj=out, mode="w") as archive:
            if sum(info.file_size for info in source.infolist()) > MAX_BYTES:
                raise ValueError("the source is larger than 1 GiB")
            for info in source.infolist():
                path = posixpath.normpath(info.filename)
                if path == ".." or path.startswith(("/", "../")) or info.is_dir():
                    continue
                data = source.read(info)
                member = tarfile.TarInfo(f"{folder}/{path}")
                member.size = len(data)
                member.mode = (info.external_attr >> 16) & 0o777 or 0o644
                archive.addfile(member, io.BytesIO(data))
    except UNREADABLE as error:
        raise ValueError("the source is not a zip archive that can be read") from error
    return out.getvalue()
