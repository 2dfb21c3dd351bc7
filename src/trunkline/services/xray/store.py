"""The tables of groups and sampling rules, and how requests name one: by name or by ARN."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc
from trunkline.core.db import Reader, Table
from trunkline.services.xray.model import DEFAULT, Group, SamplingRule, default_rule

GROUPS = Table("xray_groups", Group, key=("account", "region", "name"))
RULES = Table("xray_sampling_rules", SamplingRule, key=("account", "region", "name"))
MIGRATIONS = [GROUPS.ddl + RULES.ddl]


def group(reader: Reader, call: Call, req: Doc) -> Group:
    """The group that GroupName or GroupARN names."""
    name = _name(req, "GroupName", "GroupARN")
    found = GROUPS.get(reader, call.account, call.region, name)
    if found is None or req.get("GroupARN", found.arn) != found.arn:
        raise invalid("Group not found")
    return found


def rule(reader: Reader, call: Call, req: Doc) -> SamplingRule:
    """The sampling rule that RuleName or RuleARN names; the default one is there without a row."""
    name = _name(req, "RuleName", "RuleARN")
    found = RULES.get(reader, call.account, call.region, name)
    if found is None and name == DEFAULT:
        return default_rule(call.account, call.region)
    if found is None:
        raise invalid("Sampling rule does not exist")
    return found


def _name(req: Doc, name: str, arn: str) -> str:
    if (name in req) == (arn in req):
        raise invalid(f"Exactly one of {name} and {arn} must be given.")
    return str(req[name]) if name in req else str(req[arn]).split("/")[1] if "/" in req[arn] else ""


def invalid(message: str) -> AwsError:
    return AwsError("InvalidRequestException", message)
