"""Network load balancers: TCP listeners that hand connections on."""

import socket
import threading

import pytest
from tests.api.elbv2.asking import fault, fixed, healthy


@pytest.fixture
def echo():
    """A server that answers every connection with what it said."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.sendall(b"heard " + connection.recv(100))

    threading.Thread(target=serve, daemon=True).start()
    yield listening.getsockname()[1]
    listening.close()


@pytest.fixture
def net(elb, network, name):
    _, subnets = network
    made = elb.create_load_balancer(Name=f"{name[:29]}n", Type="network", Subnets=subnets[:1])["LoadBalancers"][0]
    yield made
    elb.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])


@pytest.fixture
def group(elb, network, name):
    vpc, _ = network
    made = elb.create_target_group(
        Name=f"{name[:30]}t", Protocol="TCP", Port=80, VpcId=vpc, TargetType="ip", HealthCheckIntervalSeconds=15
    )["TargetGroups"][0]
    yield made
    elb.delete_target_group(TargetGroupArn=made["TargetGroupArn"])


def test_connections_reach_the_targets_of_a_tcp_listener(elb, net, group, echo, port):
    assert (net["Type"], net.get("SecurityGroups", [])) == ("network", [])
    assert "/net/" in net["LoadBalancerArn"]
    assert (group["HealthCheckProtocol"], group["HealthCheckTimeoutSeconds"]) == ("TCP", 10)
    forward = [{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}]
    listener = elb.create_listener(
        LoadBalancerArn=net["LoadBalancerArn"], Protocol="TCP", Port=port, DefaultActions=forward
    )["Listeners"][0]
    assert (listener["Protocol"], "listener/net/" in listener["ListenerArn"]) == ("TCP", True)
    elb.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": "127.0.0.1", "Port": echo}])
    healthy(elb, group["TargetGroupArn"])
    with socket.create_connection((net["DNSName"], port), timeout=10) as connection:
        connection.sendall(b"hello")
        assert connection.recv(100) == b"heard hello"
    assert fault(
        elb.create_rule,
        ListenerArn=listener["ListenerArn"],
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/"]}],
        Actions=forward,
    )
    elb.delete_listener(ListenerArn=listener["ListenerArn"])


def test_protocols_are_not_mixed(elb, net, network, group, balancer, port, name):
    forward = [{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}]
    wrong = fault(
        elb.create_listener,
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=port,
        DefaultActions=forward,
    )
    assert wrong[0] == "IncompatibleProtocols"
    arn = net["LoadBalancerArn"]
    for protocol in ("HTTP", "UDP", "TLS"):
        assert fault(elb.create_listener, LoadBalancerArn=arn, Protocol=protocol, Port=port, DefaultActions=forward)
    assert fault(elb.create_listener, LoadBalancerArn=arn, Protocol="TCP", Port=port, DefaultActions=fixed(200))


def test_a_group_of_instances_stays_empty(elb, network, name):
    vpc, _ = network
    made = elb.create_target_group(Name=f"{name[:30]}i", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]
    assert made["TargetType"] == "instance"
    targets = [{"Id": "i-0123456789abcdef0"}]
    refused = fault(elb.register_targets, TargetGroupArn=made["TargetGroupArn"], Targets=targets)
    assert refused[0] == "InvalidTarget"
    elb.delete_target_group(TargetGroupArn=made["TargetGroupArn"])


def test_tls_policies_are_described(elb):
    names = [one["Name"] for one in elb.describe_ssl_policies()["SslPolicies"]]
    assert "ELBSecurityPolicy-TLS13-1-2-2021-06" in names
    assert fault(elb.describe_ssl_policies, Names=["none"])
