"""The delivery path of `hello` as a CDK app: the same on AWS and on Trunkline."""

import aws_cdk as cdk
from delivery import Delivery

app = cdk.App()
Delivery(
    app,
    "hello",
    deployment_config=app.node.try_get_context("deployment_config") or "CodeDeployDefault.ECSAllAtOnce",
    listener_port=int(app.node.try_get_context("listener_port") or 8080),
)
app.synth()
