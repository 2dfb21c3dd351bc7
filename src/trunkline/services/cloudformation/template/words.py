"""AWS's sentences about intrinsic functions that are not as they must be."""

REF = "Template error: every Ref object must have a single String value."
GET_ATT = (
    "Template error: every Fn::GetAtt object requires two non-empty parameters, "
    "the resource name and the resource attribute"
)
FIND_IN_MAP = (
    "Template error: every Fn::FindInMap object requires three parameters, "
    "the map name, map key and the attribute for return value"
)
IMPORT_VALUE = (
    "Template error: the attribute in Fn::ImportValue must not depend on any resources, imported values, or Fn::GetAZs"
)
GET_AZS = "Template error: every Fn::GetAZs object must have a String-typed value."
BASE64 = "Template error: every Fn::Base64 object must have a String-typed value."
STACK_OUTPUT = "Template error: every Fn::GetStackOutput object requires StackName and OutputName"
JOIN = (
    "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and "
    "(2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."
)
SPLIT = (
    "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and "
    "(2) a string to be split or a function that returns a string to be split."
)
SELECT = "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"
SELECT_INDEX = "Template error: Fn::Select requires a list argument with a valid index value as its first element"
SUB = (
    "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as "
    "first argument, and an optional second argument to specify a mapping of values to replace in the string"
)
SUB_VARIABLE = (
    "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, "
    "and colons"
)
CIDR = (
    "Template error: every Fn::Cidr object requires two required parameters, (1) an ipBlock and (2) a count, "
    "and one optional parameter, (3) cidrBits"
)
IF = "Template error: Fn::If requires a list argument with the first element being a condition"
IF_THREE = "Template error: Fn::If requires a list argument with three elements"
EQUALS = "Template error: Fn::Equals requires a list argument with two elements"
NOT = "Template error: Fn::Not requires a list argument with one element"


def several(name: str) -> str:
    return f"Template error: every {name} object requires a list of at least 2 and at most 10 boolean parameters."


def no_mapping(name: str) -> str:
    return f"Template error: Mapping named '{name}' is not present in the 'Mappings' section of template."


def no_mapped_value(name: str, top: str, second: str) -> str:
    return f"Template error: Unable to get mapping for {name}::{top}::{second}"


def no_item(index: int) -> str:
    return f"Template error: Fn::Select cannot select nonexistent value at index {index}"


def unresolved_if(name: str) -> str:
    return f"Template error: unresolved condition dependency {name} in Fn::If"


def unresolved_condition(name: str) -> str:
    return f"Template format error: Unresolved condition dependency {name} in the Conditions block of the template"
