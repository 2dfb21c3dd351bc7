"""Requests of Cloud Control over SIGKILL: each ends, and what it makes is made once."""

import json
import time

import pytest

from tests.support.server import Server, wait_until


def ended(server, token):
    def final():
        event = server.client("cloudcontrol").get_resource_request_status(RequestToken=token)["ProgressEvent"]
        return event if event["OperationStatus"] in ("SUCCESS", "FAILED") else None

    return wait_until(final, what="the request")


@pytest.mark.parametrize("pause_ms", [0, 3, 10])
def test_a_resource_without_a_name_is_made_once(tmp_path, pause_ms):
    server = Server(tmp_path / "data").start()
    try:
        answer = server.client("cloudcontrol").create_resource(
            TypeName="AWS::EC2::VPC",
            DesiredState=json.dumps({"CidrBlock": "10.9.0.0/16", "Tags": [{"Key": "a", "Value": "b"}]}),
        )
        time.sleep(pause_ms / 1000)
        server.kill()
        server.start()
        event = ended(server, answer["ProgressEvent"]["RequestToken"])
        assert event["OperationStatus"] == "SUCCESS", event
        found = server.client("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.9.0.0/16"]}])["Vpcs"]
        assert [one["VpcId"] for one in found] == [event["Identifier"]]

        answer = server.client("cloudcontrol").delete_resource(TypeName="AWS::EC2::VPC", Identifier=event["Identifier"])
        time.sleep(pause_ms / 1000)
        server.kill()
        server.start()
        assert ended(server, answer["ProgressEvent"]["RequestToken"])["OperationStatus"] == "SUCCESS"
        assert not server.client("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.9.0.0/16"]}])["Vpcs"]
    finally:
        server.kill()
