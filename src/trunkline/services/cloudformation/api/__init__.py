"""CloudFormation's operations."""

from trunkline.aws.service import Kit
from trunkline.engines.workflows import Workflows
from trunkline.services.cloudformation.api.changesets import ChangeSetOperations
from trunkline.services.cloudformation.api.describing import DescribeOperations
from trunkline.services.cloudformation.api.exports import ExportOperations
from trunkline.services.cloudformation.api.hooking import HookOperations
from trunkline.services.cloudformation.api.part import Part
from trunkline.services.cloudformation.api.policies import PolicyOperations
from trunkline.services.cloudformation.api.registry import RegistryOperations
from trunkline.services.cloudformation.api.rolling import RollbackOperations
from trunkline.services.cloudformation.api.stacks import StackOperations
from trunkline.services.cloudformation.api.templates import TemplateOperations
from trunkline.services.cloudformation.drift import DriftOperations
from trunkline.services.cloudformation.refactoring import RefactorOperations
from trunkline.services.cloudformation.stacksets import StackSetOperations
from trunkline.services.cloudformation.workflow import Cancels


class Api(
    StackOperations,
    RollbackOperations,
    DescribeOperations,
    ChangeSetOperations,
    TemplateOperations,
    ExportOperations,
    HookOperations,
    PolicyOperations,
    RegistryOperations,
    DriftOperations,
    StackSetOperations,
    RefactorOperations,
):
    """All of them."""

    def __init__(self, kit: Kit, engine: Workflows, cancels: Cancels) -> None:
        Part.__init__(self, kit, engine, cancels)
        DriftOperations.__init__(self, kit, engine)
        StackSetOperations.__init__(self, kit, engine)
        RefactorOperations.__init__(self, kit, engine)
