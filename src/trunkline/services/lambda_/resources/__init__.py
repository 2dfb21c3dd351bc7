"""CloudFormation's view of Lambda.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html
"""

from trunkline.aws.resources import ResourceType
from trunkline.services.lambda_.resources.function import Function
from trunkline.services.lambda_.resources.invoking import EventInvokeConfig, EventSourceMapping, Url
from trunkline.services.lambda_.resources.layer import LayerVersion, LayerVersionPermission
from trunkline.services.lambda_.resources.permission import Permission
from trunkline.services.lambda_.resources.version import Alias, Version

TYPES: tuple[ResourceType, ...] = (
    Function(),
    Version(),
    Alias(),
    Permission(),
    LayerVersion(),
    LayerVersionPermission(),
    EventInvokeConfig(),
    EventSourceMapping(),
    Url(),
)
