"""The operations of CodePipeline.

https://docs.aws.amazon.com/codepipeline/latest/APIReference/Welcome.html
"""

from trunkline.services.codepipeline.api.executions import Executions
from trunkline.services.codepipeline.api.jobs import Jobs
from trunkline.services.codepipeline.api.pipelines import Pipelines
from trunkline.services.codepipeline.api.state import State


class Api(Pipelines, Executions, State, Jobs):
    """All of them."""
