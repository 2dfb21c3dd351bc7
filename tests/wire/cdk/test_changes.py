"""The CDK's import of what exists, its rollback after a failure, and what it says of changes by hand."""

import json

import pytest
from tests.support.cdk import Cdk
from tests.wire.cdk.conftest import APP

pytestmark = pytest.mark.timeout(300)


def test_import_rollback_and_drift(aws, server, name, tmp_path):
    cdk = Cdk(APP.parent / "parameters", server.endpoint, tmp_path, prefix=name)
    cdk.synth()
    cdk("bootstrap")
    cdk.deploy(name)

    aws("s3").create_bucket(Bucket=f"{name}-bucket")
    mapping = cdk.folder / "mapping.json"
    mapping.write_text(json.dumps({"Bucket": {"BucketName": f"{name}-bucket"}}))
    cdk.synth(bucket="yes")
    assert "Import operation complete" in cdk("import", "--resource-mapping", str(mapping), "--force", name)
    assert "There were no differences" in cdk("diff", name)

    cdk.synth(bucket="yes", bad="yes")
    failed = cdk("deploy", "--no-rollback", "--require-approval", "never", name, check=False)
    assert "cannot be validated against allowedPattern: y" in " ".join(failed.split())
    cdk("rollback", name)
    status = aws("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    assert status == "UPDATE_ROLLBACK_COMPLETE"

    aws("ssm").put_parameter(Name=f"/{name}/good", Value="by hand", Overwrite=True)
    told = cdk("drift", name)
    assert "1 resource has drifted" in told
    assert "by hand" in told
    cdk("destroy", "--force", name)
    aws("s3").head_bucket(Bucket=f"{name}-bucket")  # imported with DeletionPolicy Retain
    aws("s3").delete_bucket(Bucket=f"{name}-bucket")
