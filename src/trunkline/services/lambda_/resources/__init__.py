"""CloudFormation's view of Lambda.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html
"""

from trunkline.aws.resources import ResourceType
from trunkline.services.lambda_.resources.function import Function
from trunkline.services.lambda_.resources.permission import Permission

TYPES: tuple[ResourceType, ...] = (Function(), Permission())
