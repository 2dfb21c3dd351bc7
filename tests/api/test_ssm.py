"""Parameter Store through boto3."""

import json

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def ssm(aws):
    return aws("ssm")


@pytest.fixture
def path(name):
    return f"/{name}"


def refused(code, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]["Message"]


def put(ssm, name, value="v", **more):
    return ssm.put_parameter(Name=name, Value=value, **{"Type": "String", **more})


def test_put_and_get(ssm, path):
    assert put(ssm, path, "one", Description="d")["Version"] == 1
    found = ssm.get_parameter(Name=path)["Parameter"]
    assert (found["Value"], found["Version"], found["Type"], found["DataType"]) == ("one", 1, "String", "text")
    assert found["ARN"] == f"arn:aws:ssm:us-east-1:000000000000:parameter{path}"
    assert ssm.get_parameter(Name=found["ARN"])["Parameter"]["Value"] == "one"
    message = refused("ParameterAlreadyExists", put, ssm=ssm, name=path)
    assert message.startswith("The parameter already exists.")
    assert put(ssm, path, "two", Overwrite=True)["Version"] == 2
    assert ssm.get_parameter(Name=f"{path}:1")["Parameter"]["Value"] == "one"
    selected = ssm.get_parameter(Name=f"{path}:2")["Parameter"]
    assert (selected["Value"], selected["Selector"]) == ("two", ":2")
    refused("ParameterVersionNotFound", ssm.get_parameter, Name=f"{path}:9")
    refused("ParameterNotFound", ssm.get_parameter, Name=f"{path}-other")


def test_an_update_keeps_the_type(ssm, path):
    put(ssm, path, "a,b", Type="StringList")
    ssm.put_parameter(Name=path, Value="c,d", Overwrite=True)
    assert ssm.get_parameter(Name=path)["Parameter"]["Type"] == "StringList"
    refused("HierarchyTypeMismatchException", put, ssm=ssm, name=path, Type="SecureString", Overwrite=True)
    refused("ValidationException", ssm.put_parameter, Name=f"{path}-new", Value="x")


def test_secure_strings_are_encrypted(ssm, aws, path):
    put(ssm, path, "secret", Type="SecureString")
    closed = ssm.get_parameter(Name=path)["Parameter"]["Value"]
    assert "secret" not in closed
    assert ssm.get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"] == "secret"
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    put(ssm, path, "other", Type="SecureString", KeyId=key, Overwrite=True)
    assert ssm.get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"] == "other"
    assert ssm.get_parameter(Name=f"{path}:1", WithDecryption=True)["Parameter"]["Value"] == "secret"
    aws("kms").disable_key(KeyId=key)
    assert "DisabledException" in refused("InvalidKeyId", ssm.get_parameter, Name=path, WithDecryption=True)
    refused("InvalidKeyId", put, ssm=ssm, name=f"{path}-x", Type="SecureString", KeyId="alias/nothing-like-it")


def test_many_at_once(ssm, path):
    for letter in "abc":
        put(ssm, f"{path}/{letter}", letter)
    answer = ssm.get_parameters(Names=[f"{path}/b", f"{path}/a", f"{path}/zz"])
    assert {p["Value"] for p in answer["Parameters"]} == {"a", "b"}
    assert answer["InvalidParameters"] == [f"{path}/zz"]
    deleted = ssm.delete_parameters(Names=[f"{path}/a", f"{path}/zz"])
    assert (deleted["DeletedParameters"], deleted["InvalidParameters"]) == ([f"{path}/a"], [f"{path}/zz"])
    ssm.delete_parameter(Name=f"{path}/b")
    refused("ParameterNotFound", ssm.delete_parameter, Name=f"{path}/b")


def test_hierarchies_page(ssm, path):
    for number in range(12):
        put(ssm, f"{path}/x/{number:02}")
    put(ssm, f"{path}/x/deep/er")
    put(ssm, f"{path}-not")
    flat = ssm.get_parameters_by_path(Path=f"{path}/x")
    assert len(flat["Parameters"]) == 10
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=f"{path}/x")
    assert len([p for page in pages for p in page["Parameters"]]) == 12
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True)
    assert len([p for page in pages for p in page["Parameters"]]) == 13
    assert ssm.get_parameters_by_path(Path=path)["Parameters"] == []
    refused("InvalidNextToken", ssm.get_parameters_by_path, Path=path, NextToken="nonsense")
    refused("ValidationException", ssm.get_parameters_by_path, Path="relative")


def test_history_and_labels(ssm, path):
    for value in ("one", "two", "three"):
        put(ssm, path, value, Overwrite=True)
    answer = ssm.label_parameter_version(Name=path, ParameterVersion=1, Labels=["live", "9bad", "aws-bad"])
    assert answer["InvalidLabels"] == ["9bad", "aws-bad"]
    assert ssm.get_parameter(Name=f"{path}:live")["Parameter"]["Value"] == "one"
    ssm.label_parameter_version(Name=path, Labels=["live"])
    assert ssm.get_parameter(Name=f"{path}:live")["Parameter"]["Value"] == "three"
    history = ssm.get_parameter_history(Name=path)["Parameters"]
    assert [(h["Version"], h["Value"], h["Labels"]) for h in history] == [
        (1, "one", []),
        (2, "two", []),
        (3, "three", ["live"]),
    ]
    ssm.unlabel_parameter_version(Name=path, ParameterVersion=3, Labels=["live"])
    refused("ParameterVersionNotFound", ssm.get_parameter, Name=f"{path}:live")


def test_a_hundred_versions_are_kept(ssm, path):
    for number in range(101):
        put(ssm, path, str(number), Overwrite=True)
    pages = ssm.get_paginator("get_parameter_history").paginate(Name=path)
    kept = [h["Version"] for page in pages for h in page["Parameters"]]
    assert (kept[0], kept[-1], len(kept)) == (2, 101, 100)
    ssm.label_parameter_version(Name=path, ParameterVersion=2, Labels=["old"])
    refused("ParameterMaxVersionLimitExceeded", put, ssm=ssm, name=path, Overwrite=True)
    assert ssm.get_parameter(Name=path)["Parameter"]["Version"] == 101


def test_describe_filters(ssm, name, path):
    put(ssm, f"{path}/a", Tags=[{"Key": "team", "Value": name}])
    put(ssm, f"{path}/b/c", Type="StringList")

    def names(*filters):
        return [p["Name"] for p in ssm.describe_parameters(ParameterFilters=list(filters))["Parameters"]]

    within = {"Key": "Path", "Option": "Recursive", "Values": [path]}
    assert names(within) == [f"{path}/a", f"{path}/b/c"]
    assert names(within, {"Key": "Type", "Values": ["StringList"]}) == [f"{path}/b/c"]
    assert names({"Key": "Path", "Values": [path]}) == [f"{path}/a"]
    assert names({"Key": "Name", "Option": "Contains", "Values": [f"{name}/b"]}) == [f"{path}/b/c"]
    assert names({"Key": "tag:team", "Values": [name]}) == [f"{path}/a"]
    refused("InvalidFilterKey", ssm.describe_parameters, ParameterFilters=[{"Key": "Label", "Values": ["x"]}])
    refused(
        "InvalidFilterOption",
        ssm.describe_parameters,
        ParameterFilters=[{"Key": "Name", "Option": "Odd", "Values": ["x"]}],
    )
    shown = ssm.describe_parameters(ParameterFilters=[within])["Parameters"][0]
    assert shown["LastModifiedUser"] == "arn:aws:iam::000000000000:root"
    assert "Value" not in shown


def test_tiers(ssm, path):
    assert "upgrade" in refused("ValidationException", put, ssm=ssm, name=path, value="x" * 4097)
    assert put(ssm, path, "x" * 4097, Tier="Intelligent-Tiering")["Tier"] == "Advanced"
    assert "downgrade" in refused("ValidationException", put, ssm=ssm, name=path, Tier="Standard", Overwrite=True)
    refused("ValidationException", put, ssm=ssm, name=path, value="x" * 8193, Tier="Advanced", Overwrite=True)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("/aws/x", "AccessDeniedException"),
        ("ssm-thing", "ValidationException"),
        ("/AWSthing", "ValidationException"),
        ("a/b", "ValidationException"),
        ("/a/", "ValidationException"),
        ("/sp ace", "ValidationException"),
        ("/" + "/".join("abcdefghijklmnop"), "HierarchyLevelLimitExceededException"),
    ],
)
def test_bad_names(ssm, name, code):
    refused(code, put, ssm=ssm, name=name)


def test_allowed_pattern(ssm, path):
    put(ssm, path, "42", AllowedPattern=r"^\d+$")
    refused(
        "ParameterPatternMismatchException", put, ssm=ssm, name=path, value="x", AllowedPattern=r"^\d+$", Overwrite=True
    )
    refused("InvalidAllowedPatternException", put, ssm=ssm, name=path, AllowedPattern="(", Overwrite=True)


def test_tags(ssm, path):
    put(ssm, path, Tags=[{"Key": "a", "Value": "1"}])
    which = {"ResourceType": "Parameter", "ResourceId": path}
    ssm.add_tags_to_resource(**which, Tags=[{"Key": "b", "Value": "2"}])
    ssm.remove_tags_from_resource(**which, TagKeys=["a"])
    assert ssm.list_tags_for_resource(**which)["TagList"] == [{"Key": "b", "Value": "2"}]
    refused("InvalidResourceId", ssm.list_tags_for_resource, ResourceType="Parameter", ResourceId="/no/such")
    tags = [{"Key": "a", "Value": "1"}]
    assert "can't be used together" in refused(
        "ValidationException", put, ssm=ssm, name=path, Overwrite=True, Tags=tags
    )


def test_refusals(ssm, path):
    refused("InvalidPolicyTypeException", put, ssm=ssm, name=path, Tier="Advanced", Policies="[{}]")
    assert "public parameters" in refused("ValidationException", ssm.get_parameter, Name="/aws/service/ami/x")


def test_policies_see_the_parameters_arn(aws, ssm, name, path):
    iam = aws("iam")
    iam.create_user(UserName=name)
    allowed = {"Effect": "Allow", "Action": "ssm:GetParameter*", "Resource": f"arn:aws:ssm:*:*:parameter{path}/ok*"}
    iam.put_user_policy(
        UserName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    )
    key = iam.create_access_key(UserName=name)["AccessKey"]
    theirs = aws("ssm", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    put(ssm, f"{path}/ok", Type="SecureString")
    put(ssm, f"{path}/no")
    assert theirs.get_parameter(Name=f"{path}/ok", WithDecryption=True)["Parameter"]["Value"] == "v"
    message = refused("AccessDeniedException", theirs.get_parameter, Name=f"{path}/no")
    assert f"arn:aws:ssm:us-east-1:000000000000:parameter{path}/no" in message
    refused("AccessDeniedException", theirs.get_parameters, Names=[f"{path}/ok", f"{path}/no"])


def test_regions_are_apart(aws, ssm, path):
    put(ssm, path)
    refused("ParameterNotFound", aws("ssm", region="eu-west-1").get_parameter, Name=path)


def test_a_pattern_that_backtracks_for_ever_holds_up_nobody(ssm, path):
    message = refused(
        "InvalidAllowedPatternException", put, ssm=ssm, name=path, value="a" * 60 + "!", AllowedPattern="^(a+)+$"
    )
    assert "takes more than" in message


def test_service_settings_have_defaults_and_are_changed_and_reset(ssm):
    setting = "/ssm/opsinsights/opscenter"
    before = ssm.get_service_setting(SettingId=setting)["ServiceSetting"]
    assert (before["SettingValue"], before["Status"]) == ("Disabled", "Default")
    ssm.update_service_setting(SettingId=before["ARN"], SettingValue="Enabled")
    changed = ssm.get_service_setting(SettingId=setting)["ServiceSetting"]
    assert (changed["SettingValue"], changed["Status"]) == ("Enabled", "Customized")
    assert ssm.reset_service_setting(SettingId=setting)["ServiceSetting"]["SettingValue"] == "Disabled"
    message = refused("ValidationException", ssm.update_service_setting, SettingId=setting, SettingValue="no")
    assert message.endswith("Enabled|Disabled")
    refused("ServiceSettingNotFound", ssm.get_service_setting, SettingId="/ssm/nothing")


def test_the_default_tier_is_that_of_the_regions_setting(aws, name):
    ssm = aws("ssm", region="eu-west-2")
    ssm.update_service_setting(SettingId="/ssm/parameter-store/default-parameter-tier", SettingValue="Advanced")
    assert put(ssm, name)["Tier"] == "Advanced"
    assert put(ssm, f"{name}-2", Tier="Standard")["Tier"] == "Standard"


def test_names_with_one_arn_exclude_each_other(ssm, name, path):
    put(ssm, name)
    refused("ParameterAlreadyExists", put, ssm=ssm, name=path, Overwrite=True)


def test_an_arn_reads_a_parameter_of_its_region_and_deletes_none(aws, ssm, path):
    put(ssm, path)
    arn = ssm.get_parameter(Name=path)["Parameter"]["ARN"]
    refused("ParameterNotFound", aws("ssm", region="eu-west-1").get_parameter, Name=arn)
    refused("ValidationException", ssm.delete_parameter, Name=arn)
    assert ssm.delete_parameters(Names=[arn])["InvalidParameters"] == [arn]
    assert ssm.get_parameter(Name=arn)["Parameter"]["Value"] == "v"


@pytest.mark.parametrize(
    ("taken", "code", "words"),
    [
        ("/awsome/x", "AccessDeniedException", "reserved parameter name"),
        ("awsome", "ValidationException", 'with "aws" or "ssm"'),
        ("/ssmall/x", "ValidationException", "divided by slash"),
    ],
)
def test_prefixes_of_names_are_reserved(ssm, taken, code, words):
    assert words in refused(code, put, ssm=ssm, name=taken)
