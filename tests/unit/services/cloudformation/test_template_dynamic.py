"""Dynamic references.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

import pytest
from tests.support.template_scope import PaperScope, read, value_of

from trunkline.services.cloudformation import template

SECRETS = {
    "ssm:S3AccessControl:2": "Private",
    "ssm-secure:IAMUserPassword:10": "hunter2",
    "secretsmanager:MyRDSSecret:SecretString:username": "admin",
    "ssm:n": "1",
}


async def test_references_are_replaced_in_texts() -> None:
    assert await value_of("'{{resolve:ssm:S3AccessControl:2}}'", secrets=SECRETS) == "Private"
    assert await value_of("{Password: '{{resolve:ssm-secure:IAMUserPassword:10}}'}", secrets=SECRETS) == {
        "Password": "hunter2"
    }
    found = await value_of(
        "'u={{resolve:secretsmanager:MyRDSSecret:SecretString:username}}&n={{resolve:ssm:n}}'", secrets=SECRETS
    )
    assert found == "u=admin&n=1"


async def test_references_may_be_put_together_by_functions() -> None:
    expression = "!Sub '{{resolve:secretsmanager:${Name}:SecretString:username}}'"
    assert await value_of(expression, parameters={"Name": "MyRDSSecret"}, secrets=SECRETS) == "admin"
    expression = "!Join ['', ['{{resolve:ssm:', n, '}}']]"
    assert await value_of(expression, secrets=SECRETS) == "1"


async def test_functions_see_the_reference_not_its_value() -> None:
    # AWS resolves references when the resource is made, after all functions
    assert await value_of("!Select [0, !Split [':', '{{resolve:ssm:n}}']]", secrets=SECRETS) == "{{resolve"


async def test_references_stay_where_they_are_to_be_kept() -> None:
    parsed = read("Resources: {R: {Type: T, Properties: {A: '{{resolve:ssm:n}}'}}}")
    kept = await template.evaluate(parsed.resources["R"].properties, PaperScope(parsed), dynamic=False)
    assert kept == {"A": "{{resolve:ssm:n}}"}


async def test_value_with_braces_is_not_resolved_again() -> None:
    secrets = {"ssm:a": "{{resolve:ssm:b}}", "ssm:b": "never"}
    assert await value_of("'{{resolve:ssm:a}}'", secrets=secrets) == "{{resolve:ssm:b}}"


async def test_reference_to_another_service_is_refused() -> None:
    with pytest.raises(template.TemplateError, match="dynamic references to vault are not supported"):
        await value_of("'{{resolve:vault:a/b}}'")


async def test_reference_to_what_will_be_is_known_afterwards() -> None:
    found = await value_of("!Sub '{{resolve:secretsmanager:${R}:SecretString:a}}'")
    assert template.is_unknown(found)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("name", ("name", None)),
        ("/a/b-c.d_e", ("/a/b-c.d_e", None)),
        ("name:3", ("name", 3)),
        ("arn:aws:ssm:us-east-1:123456789012:parameter/a", ("arn:aws:ssm:us-east-1:123456789012:parameter/a", None)),
        ("arn:aws:ssm:us-east-1:123456789012:parameter/a:4", ("arn:aws:ssm:us-east-1:123456789012:parameter/a", 4)),
    ],
)
def test_ssm_keys(key: str, expected: tuple[str, int | None]) -> None:
    found = template.ssm_reference(key)
    assert (found.name, found.version) == expected


@pytest.mark.parametrize("key", ["", "a b", "name:latest"])
def test_malformed_ssm_keys_are_refused(key: str) -> None:
    with pytest.raises(template.TemplateError, match="Incorrect format is used in the following SSM reference"):
        template.ssm_reference(key)


ARN = "arn:aws:secretsmanager:us-west-2:123456789012:secret:MySecret-abcdef"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        # "Referencing secrets": the examples of dynamic-references-secretsmanager.html
        ("MySecret", ("MySecret", None, None, None)),
        ("MySecret::::", ("MySecret", None, None, None)),
        ("MySecret:SecretString:password", ("MySecret", "password", None, None)),
        ("MySecret:SecretString:password:AWSPREVIOUS", ("MySecret", "password", "AWSPREVIOUS", None)),
        ("MySecret:SecretString:password::EXAMPLE1-90ab", ("MySecret", "password", None, "EXAMPLE1-90ab")),
        (ARN, (ARN, None, None, None)),
        (ARN + ":SecretString:password", (ARN, "password", None, None)),
    ],
)
def test_secret_keys(key: str, expected: tuple[str | None, ...]) -> None:
    found = template.secret_reference(key)
    assert (found.secret_id, found.json_key, found.version_stage, found.version_id) == expected


@pytest.mark.parametrize("key", ["", "MySecret:SecretBinary:x", "MySecret:SecretString:a:b:c:d"])
def test_malformed_secret_keys_are_refused(key: str) -> None:
    with pytest.raises(template.TemplateError, match="Incorrect format"):
        template.secret_reference(key)


def test_key_of_a_secret() -> None:
    secret = '{"username": "admin", "port": 3306, "on": true}'
    assert template.secret_value(template.secret_reference("S:SecretString:username"), secret) == "admin"
    assert template.secret_value(template.secret_reference("S:SecretString:port"), secret) == "3306"
    assert template.secret_value(template.secret_reference("S"), secret) == secret
    with pytest.raises(template.TemplateError, match="Could not find a value associated with JSONKey in SecretString"):
        template.secret_value(template.secret_reference("S:SecretString:none"), secret)
