"""What the tests of CodePipeline start from."""

import pytest
from tests.api.codepipeline.asking import World


@pytest.fixture
def world(aws, name):
    return World(aws, name)
