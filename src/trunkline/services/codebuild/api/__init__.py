"""The operations of CodeBuild.

https://docs.aws.amazon.com/codebuild/latest/APIReference/Welcome.html
"""

from trunkline.services.codebuild.api.builds import Builds
from trunkline.services.codebuild.api.credentials import Credentials
from trunkline.services.codebuild.api.projects import Projects
from trunkline.services.codebuild.api.reports import Reports


class Api(Projects, Builds, Reports, Credentials):
    """All of them."""
