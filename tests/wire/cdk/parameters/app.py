"""A parameter; by context, a bucket that exists already, and a parameter that cannot be made."""

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm

app = cdk.App()
context = app.node.try_get_context
name = context("prefix") or "parameters"
stack = cdk.Stack(app, name)
ssm.StringParameter(stack, "Good", parameter_name=f"/{name}/good", string_value="one")
if context("bucket"):
    s3.CfnBucket(stack, "Bucket", bucket_name=f"{name}-bucket").apply_removal_policy(cdk.RemovalPolicy.RETAIN)
if context("bad"):
    ssm.CfnParameter(stack, "Bad", type="String", value="x", allowed_pattern="y")
app.synth()
