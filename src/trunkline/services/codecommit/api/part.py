"""What the parts of the API have in common: where they look things up."""

from trunkline.aws.service import Kit
from trunkline.engines.git.interface import Git
from trunkline.services.codecommit.finding import Finding

REPOSITORY = "arn:aws:codecommit:{region}:{account}:{repositoryName}"


class Part:
    """Set by `Api`."""

    _find: Finding
    _kit: Kit
    _git: Git
