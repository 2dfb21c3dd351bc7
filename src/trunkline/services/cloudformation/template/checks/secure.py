"""Where `{{resolve:ssm-secure:...}}` may stand: in passwords of a few resource types only.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-ssm-secure-strings.html
"""

from collections.abc import Iterator
from typing import Any

from trunkline.services.cloudformation.template.errors import TemplateError
from trunkline.services.cloudformation.template.model import Template

SECURE_PROPERTIES = frozenset(
    {
        "AWS::DirectoryService::MicrosoftAD/Properties/Password",
        "AWS::DirectoryService::SimpleAD/Properties/Password",
        "AWS::ElastiCache::ReplicationGroup/Properties/AuthToken",
        "AWS::IAM::User/Properties/LoginProfile/Password",
        "AWS::KinesisFirehose::DeliveryStream/Properties/RedshiftDestinationConfiguration/Password",
        "AWS::OpsWorks::App/Properties/AppSource/Password",
        "AWS::OpsWorks::Stack/Properties/CustomCookbooksSource/Password",
        "AWS::OpsWorks::Stack/Properties/RdsDbInstances/DbPassword",
        "AWS::RDS::DBCluster/Properties/MasterUserPassword",
        "AWS::RDS::DBInstance/Properties/MasterUserPassword",
        "AWS::Redshift::Cluster/Properties/MasterUserPassword",
    }
)
_SECURE = "{{resolve:ssm-secure:"


def check_secure_references(template: Template) -> None:
    wrong: dict[str, None] = {}
    for resource in template.resources.values():
        start = f"{resource.type}/Properties"
        wrong.update(
            dict.fromkeys(path for path in _paths(resource.properties, start) if path not in SECURE_PROPERTIES)
        )
    for output in template.outputs.values():
        wrong.update(dict.fromkeys(_paths(output.value, f"Outputs/{output.name}/Value")))
    if wrong:
        raise TemplateError(f"SSM Secure reference is not supported in: [{', '.join(wrong)}]")


def _paths(value: Any, path: str) -> Iterator[str]:
    """Where secure references stand; a function's argument stands where the function does."""
    if isinstance(value, str):
        if _SECURE in value:
            yield path
    elif isinstance(value, list):
        for item in value:
            yield from _paths(item, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            is_function = len(value) == 1 and key.startswith("Fn::")
            yield from _paths(item, path if is_function else f"{path}/{key}")
