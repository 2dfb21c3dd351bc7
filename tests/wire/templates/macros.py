"""Stand-ins for what some templates expect in the account: macros, and functions behind custom resources.

Their own sources are not among the samples. This module is the code of the function too: it is packed as it is.
"""

import copy
import json
import os
import urllib.request
from datetime import UTC, date, datetime, timedelta


def answer(event, _context):
    """A custom resource that does nothing and says so."""
    _respond(event, "SUCCESS", "")


def boto3(event, _context):
    """Custom::Boto3: one call of the AWS SDK with the resource's properties."""
    try:
        given = event["ResourceProperties"]
        if given["Mode"].lower() == event["RequestType"].lower():
            _call(given["Action"], given["Properties"])
    except Exception as error:  # CloudFormation waits for an answer, whatever went wrong
        _respond(event, "FAILED", f"{type(error).__name__}: {error}")
        return
    _respond(event, "SUCCESS", "")


def _call(action, properties):
    import boto3 as sdk

    service, method = action.split(".", 1)
    given = {name[0].lower() + name[1:]: value for name, value in properties.items()}
    getattr(sdk.client(service.lower()), method)(**given)


def _respond(event, status, reason):
    body = {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": event.get("PhysicalResourceId") or f"stand-in-{event['LogicalResourceId']}",
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Arn": "arn:aws:acm:us-east-1:000000000000:certificate/stand-in", "Response": "stand-in"},
    }
    request = urllib.request.Request(event["ResponseURL"], json.dumps(body).encode(), method="PUT")
    request.add_header("Content-Type", "")
    urllib.request.urlopen(request, timeout=20).read()


def macro(event, _context):
    """Every macro of the samples, told apart by the name it was called with."""
    name = event["transformId"].rsplit("::", 1)[-1]
    fragment = _MACROS[name](event)
    return {"requestId": event["requestId"], "status": "success", "fragment": fragment}


def _count(event):
    fragment = event["fragment"]
    made = {}
    for logical, resource in fragment["Resources"].items():
        count = resource.pop("Count", None)
        if isinstance(count, dict):
            count = event["templateParameterValues"][count["Ref"]]
        if count is None:
            made[logical] = resource
            continue
        words = count if isinstance(count, list) else [None] * int(count)
        for number, word in enumerate(words, 1):
            made[f"{logical}{number}"] = _filled(resource, number, word)
    return {**fragment, "Resources": made}


def _filled(value, number, word):
    if isinstance(value, str):
        text = value.replace("%d", str(number))
        return text if word is None else text.replace("%s", word)
    if isinstance(value, dict):
        return {key: _filled(member, number, word) for key, member in value.items()}
    if isinstance(value, list):
        return [_filled(member, number, word) for member in value]
    return value


def _explode(event):
    fragment = event["fragment"]
    made = {}
    for logical, resource in fragment["Resources"].items():
        name = resource.pop("ExplodeMap", None)
        if name is None:
            made[logical] = resource
            continue
        for key, values in fragment["Mappings"][name].items():
            made[values.get("ResourceName", f"{logical}{key}")] = _exploded(copy.deepcopy(resource), values)
    return {**fragment, "Resources": made}


def _exploded(value, values):
    if isinstance(value, str) and value.startswith("!Explode "):
        return values[value.split(" ", 1)[1]]
    if isinstance(value, dict):
        return {key: _exploded(member, values) for key, member in value.items()}
    if isinstance(value, list):
        return [_exploded(member, values) for member in value]
    return value


def _string(event):
    params = event["params"]
    text, operation = params["InputString"], params["Operation"]
    if operation == "Replace":
        return text.replace(params["Old"], params["New"])
    if operation == "MaxLength":
        length = int(params["Length"])
        return text[:length] if params.get("StripFrom", "Right") == "Right" else text[-length:]
    return getattr(text, {"Upper": "upper", "Lower": "lower", "Capitalize": "capitalize", "Title": "title",
                          "SwapCase": "swapcase", "Strip": "strip"}[operation])()  # fmt: skip


def _date(event):
    params = event["params"]

    def given(name):
        return date.fromisoformat(params[name][:10]) if params.get(name) else datetime.now(UTC).date()

    days = int(params.get("Days", 0))
    if params["Operation"] == "Days":
        return str((given("Date2") - given("Date")).days)
    sign = {"Current": 0, "Add": 1, "Subtract": -1}[params["Operation"]]
    return (given("Date") + timedelta(days=sign * days)).isoformat()


def _now(event):
    return datetime.now(UTC).strftime(event["params"]["format"])


def _statements(event):
    root = {"AWS": f"arn:aws:iam::{event['accountId']}:root"}
    return [{"Sid": "All", "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}]


def _role(event):
    fragment = event["fragment"]
    for resource in fragment["Resources"].values():
        given = resource["Properties"]
        if "Permissions" not in given:
            continue
        service = given.pop("Type").lower() + ".amazonaws.com"
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        allow = [
            {"Effect": "Allow", "Action": f"{arn.split(':')[2]}:*", "Resource": arn}
            for permission in given.pop("Permissions")
            for arn in permission.values()
        ]
        given["RoleName"] = given.pop("Name")
        given["AssumeRolePolicyDocument"] = {"Version": "2012-10-17", "Statement": [trust]}
        given["Policies"] = [{"PolicyName": "work", "PolicyDocument": {"Version": "2012-10-17", "Statement": allow}}]
    return fragment


def _sdk(event):
    fragment = event["fragment"]
    for resource in fragment["Resources"].values():
        if not resource["Type"].startswith("Boto3::"):
            continue
        call = {"Action": resource["Type"].removeprefix("Boto3::"), "Mode": resource.pop("Mode", "Create")}
        function = f"arn:aws:lambda:{event['region']}:{event['accountId']}:function:{os.environ['BOTO3_FUNCTION']}"
        resource["Type"] = "Custom::Boto3"
        resource["Properties"] = {"ServiceToken": function, **call, "Properties": resource.get("Properties", {})}
    return fragment


_MACROS = {
    "Boto3": _sdk,
    "Count": _count,
    "Explode": _explode,
    "String": _string,
    "Date": _date,
    "DatetimeNow": _now,
    "MergeStatements": _statements,
    "ExecutionRoleBuilder": _role,
}
NAMES = tuple(_MACROS)
