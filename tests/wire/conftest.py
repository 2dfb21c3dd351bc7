"""The aws CLIs: `cli` on fake engines, `real_cli` on Docker and HAProxy, each in both versions."""

import pytest
from tests.support.aws_cli import VERSIONS, Cli, program


def _made(version, endpoint, home):
    if program(version) is None:
        pytest.skip(f"no aws CLI {version} is installed (scripts/setup-machine installs Debian's)")
    return Cli(version, endpoint, home)


@pytest.fixture(params=VERSIONS)
def cli(request, server, tmp_path):
    return _made(request.param, server.endpoint, tmp_path)


@pytest.fixture(params=VERSIONS)
def real_cli(request, real_server, tmp_path):
    return _made(request.param, real_server.endpoint, tmp_path)
