"""A service's error in the words of resource handlers."""

import pytest

from trunkline.aws.handler_codes import handler_code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("ParameterAlreadyExists", "AlreadyExists"),
        ("EntityAlreadyExists", "AlreadyExists"),
        ("QueueNameExists", "AlreadyExists"),
        ("RepositoryNameExistsException", "AlreadyExists"),
        ("InvalidGroup.Duplicate", "AlreadyExists"),
        ("ResourceConflictException", "ResourceConflict"),
        ("DeleteConflict", "ResourceConflict"),
        ("DependencyViolation", "ResourceConflict"),
        ("ResourceInUse", "ResourceConflict"),
        ("InvalidVpcID.NotFound", "NotFound"),
        ("AccessDeniedException", "AccessDenied"),
        ("ThrottlingException", "Throttling"),
        ("VpcLimitExceeded", "ServiceLimitExceeded"),
        ("InternalFailure", "InternalFailure"),
        ("InvalidParameterValue", "InvalidRequest"),
    ],
)
def test_one_code_for_an_error(error, code):
    assert handler_code(error) == code
