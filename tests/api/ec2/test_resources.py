"""The life of a sample of every resource type of EC2, driven as CloudFormation drives them."""

from tests.support.provisioning import Provisioner, provisioning
from tests.support.resource_samples.ec2 import SAMPLES


async def test_every_sample_lives(tmp_path):
    async with provisioning(tmp_path) as provisioner:
        for key, sample in SAMPLES.items():
            if "Fn::Select" not in str(sample):  # which is a stack's to evaluate
                await Provisioner(provisioner.kit).live(key, sample)
