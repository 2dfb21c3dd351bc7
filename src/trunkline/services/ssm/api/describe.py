"""DescribeParameters: everything but the values."""

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ssm import store
from trunkline.services.ssm.api.part import Part
from trunkline.services.ssm.filters import compile_filters
from trunkline.services.ssm.model import Parameter

_FILTERS = ("Name", "Type", "KeyId", "Path", "Tier", "DataType", "tag:")


def metadata(item: Parameter) -> Doc:
    """ParameterMetadata."""
    return {
        "Name": item.name,
        "ARN": item.arn,
        "Type": item.type,
        "KeyId": item.key_id or None,
        "LastModifiedDate": item.modified,
        "LastModifiedUser": item.modified_by,
        "Description": item.description or None,
        "AllowedPattern": item.allowed_pattern or None,
        "Version": item.version,
        "Tier": item.tier,
        "Policies": [],
        "DataType": "text",
    }


class DescribeOperations(Part):
    """DescribeParameters."""

    @operation()
    async def describe_parameters(self, call: Call, req: Doc) -> Doc:
        if req.get("Filters") and req.get("ParameterFilters"):
            raise AwsError("ValidationException", "You can use either Filters or ParameterFilters in a single request.")
        # The older Filters match the beginning of a name.
        older = [{**given, "Option": "BeginsWith"} for given in req.get("Filters", ())]
        filters = [*older, *req.get("ParameterFilters", ())]
        matches = compile_filters(filters, allowed=_FILTERS)
        names = next((_in_full(given) for given in filters if _in_full(given)), None)
        there = store.below(self._db, call, "") if names is None else store.named(self._db, call, names)
        found = [item for item in there if matches(item)]
        chosen, token = page(
            found, req.get("MaxResults", 50), req.get("NextToken"), key=lambda p: p.name, error="InvalidNextToken"
        )
        return {"Parameters": [metadata(item) for item in chosen], "NextToken": token}


def _in_full(given: Doc) -> set[str]:
    """The names that a filter gives in full: who asks so (a stack, for each of its parameters) pays for those only."""
    if given["Key"] != "Name" or given.get("Option", "Equals") != "Equals":
        return set()
    return {name for value in given["Values"] for name in (value, value.removeprefix("/"))}
