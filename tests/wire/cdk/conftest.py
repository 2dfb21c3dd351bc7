"""A bootstrapped account on real engines, and the app beside this file."""

import uuid
from pathlib import Path

import pytest
from tests.support.cdk import Cdk

APP = Path(__file__).parent / "app"


@pytest.fixture(scope="package")
def prefix():
    return f"c{uuid.uuid4().hex[:6]}"


@pytest.fixture(scope="package")
def cdk(real_server, tmp_path_factory, prefix):
    """The CLI in a copy of the app, with the account bootstrapped."""
    made = Cdk(APP, real_server.endpoint, tmp_path_factory.mktemp("cdk"), prefix=prefix)
    made.synth(message="one")
    made("bootstrap")
    return made
