"""CloudFormation's view of key pairs.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-keypair.html
"""

from trunkline.aws.resources import Provision
from trunkline.aws.service import Doc
from trunkline.services.ec2.resources.tagged import Tagged, kept_only, own_tags


class KeyPair(Tagged):
    """The private key of one that is made here goes to Parameter Store, as `/ec2/keypair/<id>`, and goes with it."""

    name = "AWS::EC2::KeyPair"
    honoured = frozenset({"KeyName", "KeyType", "Tags"})
    # Both act as the key is made. Neither can be read back as it was given, or change.
    recorded = frozenset({"KeyFormat", "PublicKeyMaterial"})
    kind = "key-pair"
    describe = ("DescribeKeyPairs", "KeyPairs", "KeyName")
    missing = "InvalidKeyPair.NotFound"
    remove = "DeleteKeyPair"

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = str(wanted["KeyName"])
        found = await self.made_before(on)
        if found is not None and not wanted.get("PublicKeyMaterial"):
            # Whether its private key was kept is not known, and nobody has it: a new one takes its place.
            await self.delete(on, name)
            found = None
        if found is None:
            tags = self.tag_specifications(on, wanted)
            if material := wanted.get("PublicKeyMaterial"):
                given = {"KeyName": name, "PublicKeyMaterial": str(material).encode()}
                await on.call("ec2", "ImportKeyPair", TagSpecifications=tags, **given)
            else:
                given = {key: wanted[key] for key in ("KeyName", "KeyType", "KeyFormat") if key in wanted}
                made = await on.call("ec2", "CreateKeyPair", TagSpecifications=tags, **given)
                secret = {"Name": _parameter(made), "Type": "SecureString", "Value": made["KeyMaterial"]}
                await on.call("ssm", "PutParameter", Overwrite=True, **secret)
        return name

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        found = await self.find(on, physical_id)
        if found is None:
            return None
        read = {key: found[key] for key in ("KeyName", "KeyPairId", "KeyType", "KeyFingerprint")}
        return kept_only({**read, "Tags": own_tags(found)})

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """Only the stack's own tags can change."""
        found = await self.find(on, physical_id)
        if found is not None:
            await self.retag(on, str(found["KeyPairId"]), found, new)

    async def delete(self, on: Provision, physical_id: str) -> None:
        found = await self.find(on, physical_id)
        if found is not None:
            await on.look("ssm", "DeleteParameter", "ParameterNotFound", Name=_parameter(found))
            await super().delete(on, physical_id)


def _parameter(pair: Doc) -> str:
    return f"/ec2/keypair/{pair['KeyPairId']}"
