"""What the tests of ECR start from."""

import pytest


@pytest.fixture
def ecr(aws):
    return aws("ecr")


@pytest.fixture
def repository(ecr, name):
    ecr.create_repository(repositoryName=name)
    return name
