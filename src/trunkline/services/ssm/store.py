"""Parameter Store's tables: the newest version of each parameter, and every version's row."""

from collections.abc import Iterable, Iterator

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call
from trunkline.core.db import Database, Reader, Table
from trunkline.services.ssm.model import Parameter, Setting, Version

PARAMETERS = Table("ssm_parameters", Parameter, key=("account", "region", "name"))
VERSIONS = Table("ssm_parameter_versions", Version, key=("account", "region", "name", "version"))
SETTINGS = Table("ssm_service_settings", Setting, key=("account", "region", "id"))
_CHUNK = 200


def migrate(db: Database) -> None:
    """Make the tables."""
    db.migrate("ssm", [PARAMETERS.ddl, VERSIONS.ddl, SETTINGS.ddl])


def find(reader: Reader, call: Call, name: str) -> Parameter | None:
    """The newest version, or None; the ARN of "/a" is found under "/a" too."""
    found = PARAMETERS.get(reader, call.account, call.region, name)
    if found is None and not name.startswith("/"):
        found = PARAMETERS.get(reader, call.account, call.region, f"/{name}")
        return found if found is not None and found.name.count("/") == 1 else None
    return found


def parameter(reader: Reader, call: Call, name: str) -> Parameter:
    """The newest version, or ParameterNotFound."""
    found = PARAMETERS.get(reader, call.account, call.region, name)
    if found is None:
        raise AwsError("ParameterNotFound", f"Parameter {name} not found.")
    return found


def named(reader: Reader, call: Call, names: Iterable[str]) -> Iterator[Parameter]:
    """Those of the names that there are, in order."""
    found = (PARAMETERS.get(reader, call.account, call.region, name) for name in sorted(names))
    return (item for item in found if item is not None)


def below(reader: Reader, call: Call, path: str) -> Iterator[Parameter]:
    """Parameters whose names begin with `path`, in order, without reading those behind."""
    after = (call.account, call.region, path)
    while True:
        chunk = PARAMETERS.find(reader, prefix=after[:2], after=after, limit=_CHUNK)
        for item in chunk:
            if not item.name.startswith(path):
                return
            yield item
        if len(chunk) < _CHUNK:
            return
        after = (call.account, call.region, chunk[-1].name)


def versions(reader: Reader, item: Parameter) -> list[Version]:
    """All versions, the oldest first."""
    return VERSIONS.find(reader, prefix=(item.account, item.region, item.name))


def select(reader: Reader, item: Parameter, selector: str) -> Version:
    """The version with this number or label, or ParameterVersionNotFound."""
    wanted = selector.removeprefix(":")
    found: Version | None = None
    if wanted.isascii() and wanted.isdigit():
        found = VERSIONS.get(reader, item.account, item.region, item.name, int(wanted))
    else:
        found = next((version for version in versions(reader, item) if wanted in version.labels), None)
    if found is None:
        kind = "version" if wanted.isdigit() else "version label"
        raise AwsError(
            "ParameterVersionNotFound",
            f"Systems Manager could not find {kind} {wanted} of {item.name}. Verify the version and try again.",
        )
    return found
