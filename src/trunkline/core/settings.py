"""Everything that can be set, in one typed object: a file, then the environment, then the command line's flags."""

import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args

_PREFIX = "TRUNKLINE_"
_KEY_FILE = "root-key.toml"


class SettingsError(Exception):
    """A setting that cannot be used; the message says which and what it may be."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One instance. Each field is also `TRUNKLINE_<FIELD>`, and a key of `trunkline.toml` in the data directory."""

    data_dir: Path = Path(".trunkline")
    host: str = "127.0.0.1"
    port: int = 4566
    console_port: int = 4567
    xray_port: int = 2000
    auth: str = "strict"
    clock: float = 1.0
    upstream: str | None = None
    root_access_key_id: str = ""
    root_secret_access_key: str = ""
    account: str = "000000000000"
    region: str = "us-east-1"
    containers: str = "docker"
    networks: str = "auto"
    proxy: str = "haproxy"
    guard: str = "off"
    smtp_url: str | None = None
    log_level: str = "info"
    log_json: bool = False
    instance_id: str = ""

    @property
    def endpoint(self) -> str:
        """The URL to give to SDKs on this machine."""
        return f"http://{self.host}:{self.port}"


_CHOICES = {
    "auth": ("strict", "open"),
    "containers": ("docker", "fake"),
    "networks": ("auto", "linux", "docker", "fake"),
    "proxy": ("haproxy", "fake"),
    "guard": ("off", "flag", "refuse"),
    "log_level": ("debug", "info", "warning", "error"),
}


def load(flags: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; `flags` (those not None) win over the environment, which wins over the file."""
    given = {key: value for key, value in flags.items() if value is not None}
    from_env = {
        f.name: environ[_PREFIX + f.name.upper()] for f in fields(Settings) if _PREFIX + f.name.upper() in environ
    }
    data_dir = Path(given.get("data_dir") or from_env.get("data_dir") or Settings.data_dir).expanduser().absolute()
    values: dict[str, Any] = {}
    for source in (_file(data_dir / "trunkline.toml"), from_env, given):
        for key, value in source.items():
            values[key] = _typed(key, value)
    values["data_dir"] = data_dir
    return Settings(**values)


def prepare(settings: Settings) -> Settings:
    """Make the data directory and what must exist once in it: the root key (0600) and the instance's id."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    stored = _file(settings.data_dir / _KEY_FILE)
    keys: dict[str, Any] = {
        "root_access_key_id": settings.root_access_key_id or stored.get("root_access_key_id") or _access_key_id(),
        "root_secret_access_key": settings.root_secret_access_key
        or stored.get("root_secret_access_key")
        or secrets.token_urlsafe(30),
        "endpoint": settings.endpoint,
        "instance_id": settings.instance_id or stored.get("instance_id") or secrets.token_hex(4),
    }
    if keys != stored:
        path = settings.data_dir / _KEY_FILE
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write("".join(f'{key} = "{value}"\n' for key, value in keys.items()))
            out.flush()
            os.fsync(out.fileno())
        temporary.rename(path)
    del keys["endpoint"]  # kept for the command line, which has to find the server
    return replace(settings, **keys)


def _access_key_id() -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return "AKIA" + "".join(secrets.choice(alphabet) for _ in range(16))


def _file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error


def _typed(key: str, value: Any) -> Any:
    field = next((f for f in fields(Settings) if f.name == key), None)
    if field is None:
        raise SettingsError(f"there is no setting named {key!r}")
    kind: Any = field.type
    kind = next((arg for arg in get_args(kind) if arg is not type(None)), kind)
    try:
        typed = value if isinstance(value, kind) else _convert(kind, value)
    except ValueError as error:
        raise SettingsError(f"{key} must be {kind.__name__}, not {value!r}") from error
    if key in _CHOICES and typed not in _CHOICES[key]:
        raise SettingsError(f"{key} must be one of {', '.join(_CHOICES[key])}, not {value!r}")
    if key == "clock" and typed <= 0:
        raise SettingsError("clock must be positive: 60 makes waits sixty times shorter")
    return typed


def _convert(kind: Any, value: Any) -> Any:
    if kind is bool:
        return str(value).lower() in ("1", "true", "yes", "on")
    return kind(value)
