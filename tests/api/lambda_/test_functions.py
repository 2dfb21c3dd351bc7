"""Functions, versions, aliases, layers, policies: what they are made of and what they answer."""

import base64
import hashlib
import json
import urllib.request

import pytest
from botocore.exceptions import ClientError
from tests.api.lambda_.conftest import ECHO, zipped


def refused(call, **params) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_a_function_is_described_as_on_aws(aws, make, role):
    name = make(Description="what for", Environment={"Variables": {"STAGE": "1"}}, Tags={"team": "a"})
    found = aws("lambda").get_function(FunctionName=name)
    now = found["Configuration"]
    assert now["FunctionArn"].endswith(f":function:{name}") and now["Version"] == "$LATEST"
    assert (now["Runtime"], now["Handler"], now["Role"]) == ("python3.12", "index.handler", role)
    assert (now["Timeout"], now["MemorySize"], now["EphemeralStorage"]["Size"]) == (3, 128, 512)
    assert now["CodeSha256"] == base64.b64encode(hashlib.sha256(zipped(index__py=ECHO)).digest()).decode()
    assert now["State"] == "Active" and now["LastUpdateStatus"] == "Successful"
    assert now["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}
    assert found["Tags"] == {"team": "a"}
    with urllib.request.urlopen(found["Code"]["Location"]) as answer:
        assert answer.read() == zipped(index__py=ECHO)
    aws("lambda").get_waiter("function_active_v2").wait(FunctionName=name)


def test_what_cannot_be_is_refused_in_awss_words(aws, make, role, name):
    create = aws("lambda").create_function
    given = {"FunctionName": name, "Role": role, "Handler": "a.b", "Code": {"ZipFile": zipped(a__py="")}}
    other = make()
    assert refused(create, **{**given, "FunctionName": other}, Runtime="python3.12") == (
        "ResourceConflictException",
        f"Function already exist: {other}",
    )
    code, message = refused(create, **given, Runtime="java21")
    assert code == "InvalidParameterValueException" and "provided" in message
    code, message = refused(create, **{**given, "Role": f"{role}-not"}, Runtime="python3.12")
    assert message == "The role defined for the function cannot be assumed by Lambda."
    code, message = refused(create, **{**given, "Code": {"ZipFile": b"no zip"}}, Runtime="python3.12")
    assert message.startswith("Could not unzip uploaded file")
    code, message = refused(
        create, **given, Runtime="python3.12", Environment={"Variables": {"AWS_REGION": "eu-west-1"}}
    )
    assert "AWS_REGION" in message
    code, message = refused(aws("lambda").get_function, FunctionName=name)
    assert code == "ResourceNotFoundException" and message.startswith("Function not found: arn:aws:lambda:")


def test_configuration_and_code_change_what_runs(aws, make, invoke):
    name = make("import os\ndef handler(event, context):\n    return [1, os.environ.get('STAGE')]\n")
    assert invoke(name) == [1, None]
    before = aws("lambda").get_function_configuration(FunctionName=name)["RevisionId"]
    aws("lambda").update_function_configuration(
        FunctionName=name, Environment={"Variables": {"STAGE": "beta"}}, RevisionId=before
    )
    assert invoke(name) == [1, "beta"]
    code, _ = refused(aws("lambda").update_function_configuration, FunctionName=name, Timeout=9, RevisionId=before)
    assert code == "PreconditionFailedException"
    source = "import os\ndef handler(event, context):\n    return [2, os.environ.get('STAGE')]\n"
    aws("lambda").update_function_code(FunctionName=name, ZipFile=zipped(index__py=source))
    aws("lambda").get_waiter("function_updated_v2").wait(FunctionName=name)
    assert invoke(name) == [2, "beta"]


def test_a_version_stays_and_an_alias_points(aws, make, invoke):
    lam = aws("lambda")
    source = "def handler(event, context):\n    return [{}, context.function_version, context.invoked_function_arn]\n"
    name = make(source.format(1))
    one = lam.publish_version(FunctionName=name, Description="first")
    assert one["Version"] == "1" and lam.publish_version(FunctionName=name)["Version"] == "1"
    lam.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    lam.update_function_code(FunctionName=name, ZipFile=zipped(index__py=source.format(2)), Publish=True)
    answer = invoke(name, Qualifier="live")
    assert answer[:2] == [1, "1"] and answer[2].endswith(f":function:{name}:live")
    assert invoke(f"{name}:2")[:2] == [2, "2"]
    lam.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert invoke(f"{name}:live")[0] == 2
    assert [one["Version"] for one in lam.list_versions_by_function(FunctionName=name)["Versions"]] == [
        "$LATEST",
        "1",
        "2",
    ]
    assert refused(lam.delete_function, FunctionName=name, Qualifier="2")[0] == "ResourceConflictException"


def test_an_alias_shares_traffic_between_two_versions(aws, make, invoke):
    lam = aws("lambda")
    name = make("def handler(event, context):\n    return context.function_version\n")
    lam.publish_version(FunctionName=name)
    lam.update_function_configuration(FunctionName=name, Timeout=4)
    lam.publish_version(FunctionName=name)
    routing = {"AdditionalVersionWeights": {"2": 0.5}}
    lam.create_alias(FunctionName=name, Name="both", FunctionVersion="1", RoutingConfig=routing)
    assert {invoke(name, Qualifier="both") for _ in range(24)} == {"1", "2"}
    wrong = {"AdditionalVersionWeights": {"1": 0.5}}
    assert refused(lam.update_alias, FunctionName=name, Name="both", RoutingConfig=wrong)[0] == (
        "InvalidParameterValueException"
    )


def test_layers_lie_over_one_another(aws, make, invoke, name):
    lam = aws("lambda")

    def publish(layer: str, **files: str) -> dict:
        content = {"ZipFile": zipped(**{f"python/{file}": text for file, text in files.items()})}
        return lam.publish_layer_version(LayerName=f"{name}-{layer}", Content=content)

    first = publish("a", shared__py="WHAT = 'a'\n", only_a__py="A = 1\n")
    second = publish("b", shared__py="WHAT = 'b'\n")
    source = "import shared, only_a\ndef handler(event, context):\n    return [shared.WHAT, only_a.A]\n"
    function = make(source, Layers=[first["LayerVersionArn"], second["LayerVersionArn"]])
    assert invoke(function) == ["b", 1]
    lam.delete_layer_version(LayerName=f"{name}-b", VersionNumber=second["Version"])
    assert invoke(function) == ["b", 1]
    assert publish("b", shared__py="")["Version"] == 2
    _, message = refused(lam.update_function_configuration, FunctionName=function, Layers=[second["LayerVersionArn"]])
    assert message.endswith("does not exist.")


def test_a_policy_holds_what_was_permitted(aws, make):
    lam, name = aws("lambda"), make()
    given = {"FunctionName": name, "StatementId": "one", "Action": "lambda:InvokeFunction"}
    said = json.loads(
        lam.add_permission(
            **given,
            Principal="sns.amazonaws.com",
            SourceArn="arn:aws:sns:us-east-1:000000000000:t",
            SourceAccount="0" * 12,
        )["Statement"]
    )
    assert said["Principal"] == {"Service": "sns.amazonaws.com"}
    assert said["Condition"]["ArnLike"] == {"AWS:SourceArn": "arn:aws:sns:us-east-1:000000000000:t"}
    assert json.loads(lam.get_policy(FunctionName=name)["Policy"])["Statement"] == [said]
    assert refused(lam.add_permission, **given, Principal="1" * 12)[0] == "ResourceConflictException"
    lam.remove_permission(FunctionName=name, StatementId="one")
    assert refused(lam.get_policy, FunctionName=name)[0] == "ResourceNotFoundException"


def test_a_user_may_invoke_what_the_policy_lets_it(aws, server, make, name):
    iam, lam, function = aws("iam"), aws("lambda"), make()
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    mine = server.client("lambda", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert refused(mine.invoke, FunctionName=function)[0] == "AccessDeniedException"
    lam.add_permission(FunctionName=function, StatementId="u", Action="lambda:InvokeFunction", Principal=arn)
    assert mine.invoke(FunctionName=function, InvocationType="DryRun")["StatusCode"] == 204
