"""The page in docs/reference: which samples pass, what is missing for the others, which could be deployed nowhere."""

import re
from collections.abc import Iterable
from pathlib import Path

from tests.wire.templates.run import Outcome

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "public-templates.md"
_HEAD = """# Public sample templates

Templates of public collections, as they are: created, looked at for drift, updated, looked at again and deleted, with
real containers and load balancers. What they expect of an account is supplied: parameters, an image, macros, functions
behind custom resources, other stacks' exports, and nested templates in S3 (VPCPeering-Accepter-Tag with the parameter
LambdaRoleName that VPCPeering-Accepter.main passes and the collection's own lacks). Written by
`python -m tests.wire.templates`.

"""
_EC2 = "container instances: a service of launch type EC2 is refused, as none can be registered"
_RUNTIME = "{} is a runtime that AWS Lambda creates no more functions for"
# Why a template fails, by a part of its path; looked up only when it does fail.
_MISSING = {
    "EC2LaunchType/": _EC2,
    "log-setup-management-pkg": "AWS::CloudFormation::StackSet, and the organization that it deploys to",
    "clwtch-cstm-matrix": "AWS::SSM::Document and AWS::SSM::Association",
    "stacks/certificate.json": "Route 53: the parameter of type AWS::Route53::HostedZone::Id finds no zone",
}
_NOWHERE = {
    "S3_Website_Bucket_With_Retain_On_Delete": "a new bucket has no ACLs since April 2023, so PublicRead is refused",
    "community/services/Lambda/LambdaSample.yaml": _RUNTIME.format("nodejs12.x"),
    "StaticWebSiteWithPipeline/stacks/functions.json": _RUNTIME.format("nodejs10.x"),
    "cloudformation-codebuild-container": _RUNTIME.format("python3.7"),
    "deploy_update_kms_policy_lambda": _RUNTIME.format("python2.7"),
}


def table(outcomes: Iterable[Outcome]) -> str:
    """The whole page; the order is that of the paths."""
    rows = sorted((outcome.path, verdict(outcome)) for outcome in outcomes)
    kinds = ("passes", "missing", "deployable nowhere")
    counts = {kind: sum(told.startswith(kind) for _, told in rows) for kind in kinds}
    summary = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count).replace("passes", "pass")
    lines = "".join(f"| {path} | {told} |\n" for path, told in rows)
    return f"{_HEAD}Of {len(rows)}: {summary}.\n\n| template | |\n|---|---|\n{lines}"


def verdict(outcome: Outcome) -> str:
    """One line; a failure that nobody has looked into is told in its own words."""
    if not outcome.reason:
        return "passes"
    for kind, words in (("missing", _MISSING), ("deployable nowhere", _NOWHERE)):
        for part, why in words.items():
            if part in outcome.path:
                return f"{kind}: {why}"
    return "missing: " + re.sub(r"\s+", " ", outcome.reason.replace("|", "/"))[:300]


def passing() -> set[str]:
    """The templates that the page says pass."""
    return set(re.findall(r"^\| (\S+) \| passes \|$", PAGE.read_text(), re.MULTILINE)) if PAGE.exists() else set()
