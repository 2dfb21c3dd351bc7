"""CloudFormation's view of Lambda, type by type, on functions that are plain processes."""

import io
import zipfile

import pytest
from tests.support.provisioning import provisioning
from tests.support.resource_samples.lambda_ import SAMPLES


@pytest.fixture
async def provisioner(tmp_path):
    async with provisioning(tmp_path) as made:
        yield made


@pytest.mark.parametrize("key", SAMPLES)
async def test_a_resource_lives_its_whole_life(provisioner, key):
    await provisioner.live(key, SAMPLES[key])


async def test_layers_and_who_may_use_them_are_resources(provisioner):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("python/shared.py", "ANSWER = 42\n")
    await provisioner.create("AWS::S3::Bucket", {}, "Bucket")
    bucket = provisioner.made["Bucket"][1]
    await provisioner.call("s3", "PutObject", Bucket=bucket, Key="layer.zip", Body=packed.getvalue())
    content = {"S3Bucket": bucket, "S3Key": "layer.zip"}
    properties = {"Content": content, "CompatibleRuntimes": ["python3.12"], "Description": "shared"}
    layer = await provisioner.create("AWS::Lambda::LayerVersion", properties, "Layer")
    assert await provisioner.create("AWS::Lambda::LayerVersion", properties, "Layer", resumed=True) == layer
    assert (await provisioner.read("AWS::Lambda::LayerVersion", layer))["Description"] == "shared"
    permission = {"LayerVersionArn": {"Ref": "Layer"}, "Action": "lambda:GetLayerVersion", "Principal": "111122223333"}
    allowed = await provisioner.create("AWS::Lambda::LayerVersionPermission", permission, "Permission")
    found = await provisioner.read("AWS::Lambda::LayerVersionPermission", allowed)
    assert found["Principal"] == "111122223333"
    assert allowed in await provisioner.existing("AWS::Lambda::LayerVersionPermission")
    await provisioner.delete("AWS::Lambda::LayerVersionPermission", allowed)
    await provisioner.delete("AWS::Lambda::LayerVersion", layer)
    assert await provisioner.read("AWS::Lambda::LayerVersion", layer) is None
