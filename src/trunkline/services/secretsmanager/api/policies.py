"""Resource policies of secrets."""

from trunkline.aws.errors import AwsError
from trunkline.aws.policy import ALLOW, Ask, PolicyError, parse, verdict
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.secretsmanager import store
from trunkline.services.secretsmanager.api.part import RESOURCE, Part
from trunkline.services.secretsmanager.model import Secret

_NOBODY_IN_PARTICULAR = {"AWS": ["arn:aws:iam::999999999999:user/anybody"]}


class PolicyOperations(Part):
    """PutResourcePolicy and its like."""

    @operation(RESOURCE)
    async def put_resource_policy(self, call: Call, req: Doc) -> Doc:
        policy = req["ResourcePolicy"]
        problem = _problem(policy)
        if problem:
            raise AwsError("MalformedPolicyDocumentException", problem)
        item = await self._set_policy(call, req["SecretId"], policy, block_public=req.get("BlockPublicPolicy", False))
        return {"ARN": item.arn, "Name": item.name}

    @operation(RESOURCE)
    async def delete_resource_policy(self, call: Call, req: Doc) -> Doc:
        item = await self._set_policy(call, req["SecretId"], "")
        return {"ARN": item.arn, "Name": item.name}

    async def _set_policy(self, call: Call, secret_id: str, policy: str, *, block_public: bool = False) -> Secret:
        def write(tx: Tx) -> Secret:
            item = store.secret(tx, call, secret_id, self._clock.now())
            if block_public and _is_public(policy, item.arn):
                raise AwsError(
                    "PublicPolicyException", "The policy grants access to everybody, which BlockPublicPolicy forbids."
                )
            item.policy = policy
            store.SECRETS.put(tx, item)
            return item

        return await self._db.write(write)

    @operation(RESOURCE)
    async def get_resource_policy(self, call: Call, req: Doc) -> Doc:
        item = store.secret(self._db, call, req["SecretId"], self._clock.now())
        return {"ARN": item.arn, "Name": item.name, "ResourcePolicy": item.policy or None}

    @operation(RESOURCE)
    async def validate_resource_policy(self, call: Call, req: Doc) -> Doc:
        problem = _problem(req["ResourcePolicy"])
        errors = [{"CheckName": "POLICY_SYNTAX", "ErrorMessage": problem}] if problem else []
        if not problem and _is_public(req["ResourcePolicy"], "*"):
            errors = [{"CheckName": "PUBLIC_POLICY", "ErrorMessage": "The policy grants access to everybody."}]
        return {"PolicyValidationPassed": not errors, "ValidationErrors": errors}


def _problem(policy: str) -> str:
    try:
        parse(policy, "resource")
    except PolicyError as error:
        return str(error)
    return ""


def _is_public(policy: str, arn: str) -> bool:
    if not policy:
        return False
    ask = Ask("secretsmanager:GetSecretValue", arn, lambda _key: None, _NOBODY_IN_PARTICULAR)
    return verdict([parse(policy, "resource")], ask) is ALLOW
