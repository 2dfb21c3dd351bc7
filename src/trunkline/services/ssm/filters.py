"""Filters of DescribeParameters and GetParametersByPath."""

from collections.abc import Callable, Iterable

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Doc
from trunkline.services.ssm.model import Parameter

Test = Callable[[Parameter], bool]

_VALUES: dict[str, Callable[[Parameter], str]] = {
    "Name": lambda item: item.name,
    "Type": lambda item: item.type,
    "KeyId": lambda item: item.key_id,
    "Tier": lambda item: item.tier,
    "DataType": lambda item: "text",
}
_TEXT_OPTIONS: dict[str, Callable[[str, str], bool]] = {
    "Equals": lambda have, want: have == want,
    "BeginsWith": lambda have, want: have.startswith(want),
    "Contains": lambda have, want: want in have,
}


def compile_filters(filters: Iterable[Doc], *, allowed: tuple[str, ...]) -> Test:
    """All of the filters must hold; InvalidFilterKey and its like for filters there are not."""
    tests = [_test(given, allowed) for given in filters]
    return lambda item: all(test(item) for test in tests)


def _test(given: Doc, allowed: tuple[str, ...]) -> Test:
    key, values = given["Key"], given.get("Values", [])
    option = given.get("Option", "Equals" if key != "Path" else "OneLevel")
    if key.startswith("tag:") and "tag:" in allowed:
        name = key[len("tag:") :]
        return lambda item: name in item.tags and (not values or item.tags[name] in values)
    if key not in allowed:
        raise AwsError("InvalidFilterKey", f"The specified key isn't valid: {key}. Valid keys: {', '.join(allowed)}.")
    if not values:
        raise AwsError("InvalidFilterValue", "The following filter values are missing for filter key " + key)
    if key == "Path":
        return _path(values, option)
    if option not in _TEXT_OPTIONS or (key != "Name" and option == "Contains"):
        raise AwsError("InvalidFilterOption", f"The following filter option is not valid: {option}.")
    read, compare = _VALUES[key], _TEXT_OPTIONS[option]
    # "/a" finds "a" as well: AWS writes a root name either way.
    return lambda item: any(compare(read(item), want) or compare("/" + read(item), want) for want in values)


def _path(values: list[str], option: str) -> Test:
    if option not in ("OneLevel", "Recursive"):
        raise AwsError("InvalidFilterOption", f"The following filter option is not valid: {option}.")
    for value in values:
        if not value.startswith("/"):
            raise AwsError(
                "ValidationException",
                f"The parameter doesn't meet the parameter name requirements: the path {value} must begin with /.",
            )
    return lambda item: any(within(item.name, value, recursive=option == "Recursive") for value in values)


def within(name: str, path: str, *, recursive: bool) -> bool:
    """Whether a name lies below a path, directly or at any depth."""
    prefix = path if path.endswith("/") else path + "/"
    full = name if name.startswith("/") else "/" + name
    return full.startswith(prefix) and (recursive or "/" not in full[len(prefix) :])
