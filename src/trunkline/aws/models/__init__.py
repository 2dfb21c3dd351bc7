"""AWS's service models: what every service, operation and shape looks like, taken from botocore's data."""

from functools import cache

from trunkline.aws.models.catalog import BY_QUERY_VERSION, BY_SIGNING_NAME, BY_TARGET_PREFIX, CATALOG, Entry
from trunkline.aws.models.service import ErrorShape, Operation, Pagination, ServiceModel
from trunkline.aws.models.shapes import Member, Shape

__all__ = [
    "BY_QUERY_VERSION",
    "BY_SIGNING_NAME",
    "BY_TARGET_PREFIX",
    "CATALOG",
    "Entry",
    "ErrorShape",
    "Member",
    "Operation",
    "Pagination",
    "ServiceModel",
    "Shape",
    "load",
]


@cache
def load(name: str) -> ServiceModel:
    """The model of a service of the catalog, by botocore's name. Raises KeyError for any other."""
    return ServiceModel(name)
