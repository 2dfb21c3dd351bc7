"""How the commands reach a server: where it is, the key to sign with, and the few calls they share.

Where: AWS_ENDPOINT_URL and AWS_* keys when they are set (as `trunkline env` prints them), else what the server on this
machine keeps in its data directory.
"""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import orjson
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from botocore.session import Session

DATA_DIR = click.option(
    "--data-dir", type=click.Path(path_type=Path), envvar="TRUNKLINE_DATA_DIR", default=Path(".trunkline"),
    help="the server's data directory [.trunkline]",
)  # fmt: skip
AS_JSON = click.option("--json", "as_json", is_flag=True, help="print JSON")


@dataclass(frozen=True)
class Endpoint:
    """One server and the key to sign with."""

    url: str
    access_key_id: str
    secret_access_key: str
    session_token: str | None
    region: str

    def client(self, service: str) -> Any:
        """A botocore client of an AWS service of this server."""
        return Session().create_client(
            service,
            region_name=self.region,
            endpoint_url=self.url,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            aws_session_token=self.session_token,
            config=Config(retries={"max_attempts": 2}, connect_timeout=5, read_timeout=60),
        )

    def page(self, name: str, method: str = "GET") -> dict[str, Any]:
        """One of Trunkline's own pages; a click error when it cannot be had."""
        request = AWSRequest(method, f"{self.url}/_trunkline/{name}", headers={}, data=b"")
        credentials = Credentials(self.access_key_id, self.secret_access_key, self.session_token)
        SigV4Auth(credentials, "trunkline", self.region).add_auth(request)
        try:
            answer = URLLib3Session(timeout=60).send(request.prepare())
        except Exception as error:
            raise click.ClickException(f"no server answers at {self.url} (start one with `trunkline up`)") from error
        if answer.status_code != 200:
            raise click.ClickException(f"{self.url}: {answer.status_code} {answer.text[:500]}")
        body: dict[str, Any] = orjson.loads(answer.content)
        return body


def find(data_dir: Path) -> Endpoint:
    """The server to talk to."""
    environ = os.environ
    key_file = data_dir.expanduser() / "root-key.toml"
    stored = tomllib.loads(key_file.read_text()) if key_file.exists() else {}
    url = environ.get("AWS_ENDPOINT_URL") or stored.get("endpoint") or "http://127.0.0.1:4566"
    if environ.get("AWS_ENDPOINT_URL") and environ.get("AWS_ACCESS_KEY_ID"):
        key, secret = environ["AWS_ACCESS_KEY_ID"], environ.get("AWS_SECRET_ACCESS_KEY", "")
        token = environ.get("AWS_SESSION_TOKEN")
    elif stored:
        key, secret, token = stored["root_access_key_id"], stored["root_secret_access_key"], None
    else:
        raise click.ClickException(f"{data_dir} holds no server's key; name its data directory with --data-dir")
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    return Endpoint(url.rstrip("/"), key, secret, token, region)
