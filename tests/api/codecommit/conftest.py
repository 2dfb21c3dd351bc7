"""What the tests of CodeCommit start from."""

import pytest
from tests.api.codecommit.asking import put


@pytest.fixture
def codecommit(aws):
    return aws("codecommit")


@pytest.fixture
def repository(codecommit, name):
    codecommit.create_repository(repositoryName=name)
    return name


@pytest.fixture
def first(codecommit, repository):
    """The first commit of the repository, on main."""
    return put(codecommit, repository, {"README.md": b"hello\n", "src/app.py": b"print(1)\n"})
