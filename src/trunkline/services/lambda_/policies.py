"""Resource policies of functions and layers: statements in AWS's form, and what they let a service do."""

import orjson

from trunkline.aws.behalf import behalf
from trunkline.aws.errors import AwsError
from trunkline.aws.policy import ALLOW, Ask, Policy, PolicyError, parse, verdict
from trunkline.aws.service import Call, Doc
from trunkline.services.lambda_.model import Policy as Statements
from trunkline.services.lambda_.naming import invalid

_SERVICES = (".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")


def document(policy: Statements) -> Doc:
    return {"Version": "2012-10-17", "Id": "default", "Statement": list(policy.statements.values())}


def statement(req: Doc, resource: str) -> Doc:
    """What AddPermission adds, as AWS writes it."""
    principal = req["Principal"]
    made: Doc = {"Sid": req["StatementId"], "Effect": "Allow"}
    if principal == "*":
        made["Principal"] = "*"
    elif principal.endswith(_SERVICES) and not principal.startswith("arn:"):
        made["Principal"] = {"Service": principal}
    elif principal.isdigit() and len(principal) == 12:
        made["Principal"] = {"AWS": f"arn:aws:iam::{principal}:root"}
    else:
        made["Principal"] = {"AWS": principal}
    made |= {"Action": req["Action"], "Resource": resource}
    condition: dict[str, dict[str, str]] = {}
    if req.get("SourceAccount"):
        condition.setdefault("StringEquals", {})["AWS:SourceAccount"] = req["SourceAccount"]
    if req.get("EventSourceToken"):
        condition.setdefault("StringEquals", {})["lambda:EventSourceToken"] = req["EventSourceToken"]
    if req.get("PrincipalOrgID"):
        condition.setdefault("StringEquals", {})["aws:PrincipalOrgID"] = req["PrincipalOrgID"]
    if req.get("FunctionUrlAuthType"):
        condition.setdefault("StringEquals", {})["lambda:FunctionUrlAuthType"] = req["FunctionUrlAuthType"]
    if "InvokedViaFunctionUrl" in req:
        condition.setdefault("Bool", {})["lambda:InvokedViaFunctionUrl"] = str(req["InvokedViaFunctionUrl"]).lower()
    if req.get("SourceArn"):
        condition["ArnLike"] = {"AWS:SourceArn": req["SourceArn"]}
    if condition:
        made["Condition"] = condition
    check(made)
    return made


def check(made: Doc) -> None:
    """Refuse a statement that policies cannot hold."""
    try:
        compiled(Statements({made["Sid"]: made}))
    except PolicyError as error:
        raise invalid(f"The policy statement is not valid: {error}") from error


def compiled(policy: Statements) -> Policy:
    return parse(orjson.dumps(document(policy)).decode(), "resource")


def check_service(call: Call, policy: Statements | None, resource: str) -> None:
    """AccessDeniedException unless the function's policy lets the calling service invoke it.

    Lambda itself polls and hands on what it was asked to, and CloudFormation's custom resources were already checked
    as the stack's principal.
    """
    principal = call.caller.principal
    if principal.kind != "service" or principal.name in ("lambda.amazonaws.com",):
        return
    source = behalf()
    context = {} if source is None else {key.lower(): (value,) for key, value in source.context.items()}
    ask = Ask("lambda:InvokeFunction", resource, lambda key: context.get(key.lower()), {"Service": [principal.name]})
    if policy is None or verdict([compiled(policy)], ask) != ALLOW:
        raise AwsError(
            "AccessDeniedException",
            f"User: {principal.name} is not authorized to perform: lambda:InvokeFunction on resource: {resource} "
            "because no resource-based policy allows the lambda:InvokeFunction action",
            status=403,
        )
