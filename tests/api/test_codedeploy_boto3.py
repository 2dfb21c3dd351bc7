"""CodeDeploy as boto3 sees it, on a running server: what it stores, describes, pages and refuses."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

Doc = dict[str, Any]
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/none/1111111111111111/2222222222222222"


@pytest.fixture
def role(aws: Any, name: str) -> str:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "codedeploy.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = aws("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AWSCodeDeployRoleForECS")
    return str(arn)


@pytest.fixture
def codedeploy(aws: Any, name: str, role: str) -> Any:
    client = aws("codedeploy")
    client.create_application(applicationName=name, computePlatform="ECS")
    client.create_deployment_group(**group(name, role))
    return client


def group(name: str, role: str, **more: Any) -> Doc:
    pair = {"targetGroups": [{"name": f"{name}-a"[-32:]}, {"name": f"{name}-b"[-32:]}]}
    return {
        "applicationName": name,
        "deploymentGroupName": "prod",
        "serviceRoleArn": role,
        "ecsServices": [{"serviceName": name, "clusterName": name}],
        "loadBalancerInfo": {"targetGroupPairInfoList": [{**pair, "prodTrafficRoute": {"listenerArns": [LISTENER]}}]},
        **more,
    }


def test_a_group_comes_back_as_it_was_made(codedeploy: Any, name: str, role: str) -> None:
    found = codedeploy.get_deployment_group(applicationName=name, deploymentGroupName="prod")["deploymentGroupInfo"]
    assert found["deploymentConfigName"] == "CodeDeployDefault.ECSAllAtOnce"
    assert found["deploymentStyle"] == {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
    assert (found["computePlatform"], found["serviceRoleArn"]) == ("ECS", role)
    assert found["ecsServices"] == [{"serviceName": name, "clusterName": name}]
    codedeploy.update_deployment_group(
        applicationName=name,
        currentDeploymentGroupName="prod",
        newDeploymentGroupName="production",
        deploymentConfigName="Trunkline.ECSSteps5Percent25PercentEvery2Minutes",
    )
    assert codedeploy.list_deployment_groups(applicationName=name)["deploymentGroups"] == ["production"]
    pages = codedeploy.get_paginator("list_deployment_configs").paginate()
    configs = [one for page in pages for one in page["deploymentConfigsList"]]
    assert "Trunkline.ECSSteps5Percent25PercentEvery2Minutes" in configs
    codedeploy.delete_application(applicationName=name)
    gone = codedeploy.exceptions.ApplicationDoesNotExistException
    with pytest.raises(gone, match=f"No application found for name: {name}"):
        codedeploy.get_application(applicationName=name)


def test_a_deployment_that_cannot_work_fails_with_the_reason_and_the_waiter_says_so(codedeploy: Any, name: str) -> None:
    content = {"content": json.dumps({"version": 0.0, "Resources": []})}
    deployment_id = codedeploy.create_deployment(
        applicationName=name,
        deploymentGroupName="prod",
        revision={"revisionType": "AppSpecContent", "appSpecContent": content},
    )["deploymentId"]
    waiter = codedeploy.get_waiter("deployment_successful")
    with pytest.raises(WaiterError, match="Failed"):
        waiter.wait(deploymentId=deployment_id, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
    info = codedeploy.get_deployment(deploymentId=deployment_id)["deploymentInfo"]
    assert info["errorInformation"]["code"] == "INVALID_REVISION"
    assert info["createTime"] <= info["startTime"] <= info["completeTime"]
    listed = codedeploy.list_deployments(
        applicationName=name, deploymentGroupName="prod", includeOnlyStatuses=["Failed"]
    )
    assert listed["deployments"] == [deployment_id]


def test_more_than_a_page_of_applications_is_listed_once_each(aws: Any, name: str) -> None:
    client = aws("codedeploy")
    made = {f"{name}-{number:03}" for number in range(120)}
    for one in made:
        client.create_application(applicationName=one, computePlatform="ECS")
    listed = [one for page in client.get_paginator("list_applications").paginate() for one in page["applications"]]
    assert made <= set(listed)
    assert len(listed) == len(set(listed))
    with pytest.raises(client.exceptions.InvalidNextTokenException):
        client.list_applications(nextToken="nonsense")


def test_a_role_that_does_not_trust_codedeploy_is_refused(aws: Any, name: str) -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    client = aws("codedeploy")
    client.create_application(applicationName=name, computePlatform="ECS")
    for arn in (role, "arn:aws:iam::000000000000:role/nobody", "nonsense"):
        with pytest.raises(client.exceptions.InvalidRoleException, match="Cannot assume role provided"):
            client.create_deployment_group(**group(name, arn))


def test_what_is_not_supported_says_so_by_name(aws: Any, name: str, role: str) -> None:
    client = aws("codedeploy")
    client.create_application(applicationName=name, computePlatform="Server")
    client.create_deployment_group(applicationName=name, deploymentGroupName="prod", serviceRoleArn=role)
    place = {"bucket": "b", "key": "k", "bundleType": "YAML"}
    with pytest.raises(ClientError, match="does not deploy to the compute platform Server"):
        client.create_deployment(
            applicationName=name, deploymentGroupName="prod", revision={"revisionType": "S3", "s3Location": place}
        )
