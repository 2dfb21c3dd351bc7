"""The tables of X-Ray, and how requests name a group or a sampling rule: by name or by ARN."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc
from trunkline.core.db import Reader, Table, Tx
from trunkline.services.xray.model import (
    DEFAULT,
    Config,
    Group,
    Insight,
    ResourcePolicy,
    SamplingRule,
    default_group,
    default_rule,
)

GROUPS = Table("xray_groups", Group, key=("account", "region", "name"))
RULES = Table("xray_sampling_rules", SamplingRule, key=("account", "region", "name"))
CONFIGS = Table("xray_configs", Config, key=("account", "region"))
POLICIES = Table("xray_resource_policies", ResourcePolicy, key=("account", "region", "name"))
INSIGHTS = Table("xray_insights", Insight, key=("account", "region", "group", "id"))
MIGRATIONS = [GROUPS.ddl + RULES.ddl, CONFIGS.ddl + POLICIES.ddl, INSIGHTS.ddl]


def config(reader: Reader, account: str, region: str) -> Config:
    return CONFIGS.get(reader, account, region) or Config(account, region)


def rules_changed(tx: Tx, account: str, region: str, now: float) -> None:
    """SDKs compare this time with what they know, and fetch the rules anew."""
    changed = config(tx, account, region)
    changed.rules_changed = now
    CONFIGS.put(tx, changed)


def group(reader: Reader, call: Call, req: Doc) -> Group:
    """The group that GroupName or GroupARN names; the default one is there without a row."""
    name = _name(req, "GroupName", "GroupARN")
    found = GROUPS.get(reader, call.account, call.region, name)
    if found is None and name == DEFAULT:
        found = default_group(call.account, call.region)
    if found is None or req.get("GroupARN", found.arn) != found.arn:
        raise invalid("Group not found")
    return found


def groups(reader: Reader, account: str, region: str) -> list[Group]:
    found = GROUPS.find(reader, prefix=(account, region))
    return found if any(one.name == DEFAULT for one in found) else [default_group(account, region), *found]


def insights(reader: Reader, group: Group) -> list[Insight]:
    return INSIGHTS.find(reader, prefix=(group.account, group.region, group.name))


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
