"""Parameter Store's operations."""

from trunkline.services.ssm.api.describe import DescribeOperations
from trunkline.services.ssm.api.history import HistoryOperations
from trunkline.services.ssm.api.read import ReadOperations
from trunkline.services.ssm.api.settings import SettingOperations
from trunkline.services.ssm.api.tagging import TagOperations
from trunkline.services.ssm.api.write import WriteOperations


class Api(WriteOperations, ReadOperations, DescribeOperations, HistoryOperations, TagOperations, SettingOperations):
    """All of them."""
