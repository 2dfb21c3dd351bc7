"""`trunkline down`: stop a server and what it runs."""

import os
import time
from pathlib import Path

import click

from trunkline.cli import endpoint

_TIMEOUT_S = 30


@click.command()
@endpoint.DATA_DIR
@click.option("--keep", is_flag=True, help="leave containers and the load balancer running")
def command(data_dir: Path, keep: bool) -> None:
    """Stop the server; its containers and its load balancer too, unless --keep. Nothing that is stored is lost."""
    pid_file = data_dir / "trunkline.pid"
    pid = pid_file.read_text().strip() if pid_file.exists() else ""
    answer = endpoint.find(data_dir).page(f"shutdown?data_plane={'keep' if keep else 'remove'}", "POST")
    deadline = time.monotonic() + _TIMEOUT_S
    while pid and _alive(int(pid)):
        if time.monotonic() > deadline:
            raise click.ClickException(f"process {pid} did not stop within {_TIMEOUT_S} s")
        time.sleep(0.05)
    click.echo(f"stopped; {answer['containers_removed']} containers removed")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
