"""Resource policies of functions: who else may invoke them."""

import orjson

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.lambda_ import naming, policies, store
from trunkline.services.lambda_.api.operations import Operations
from trunkline.services.lambda_.model import Policy
from trunkline.services.lambda_.naming import check_revision, conflict, invalid, named


class Permissions(Operations):
    @operation(naming.resource)
    async def add_permission(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        if name.qualifier == "$LATEST":
            raise invalid("We currently do not support adding policies for $LATEST.")
        made = policies.statement(req, name.qualified_arn)

        def write(tx: Tx) -> None:
            function = self.function(name, tx)
            self.check_qualifier(function, name)
            policy = function.policies.setdefault(name.qualifier, Policy())
            check_revision(req.get("RevisionId"), policy.revision)
            if made["Sid"] in policy.statements:
                raise conflict(
                    f"The statement id ({made['Sid']}) provided already exists. Please provide a new statement id, or "
                    "remove the existing statement."
                )
            policy.statements[made["Sid"]] = made
            policy.revision = ids.uuid()
            store.FUNCTIONS.put(tx, function)

        await self.kit.db.write(write)
        return {"Statement": orjson.dumps(made).decode()}

    @operation(naming.resource)
    async def remove_permission(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)

        def write(tx: Tx) -> None:
            function = self.function(name, tx)
            policy = function.policies.get(name.qualifier)
            if policy is None:
                raise _no_policy()
            check_revision(req.get("RevisionId"), policy.revision)
            if policy.statements.pop(req["StatementId"], None) is None:
                raise AwsError(
                    "ResourceNotFoundException", f"Statement {req['StatementId']} is not found in resource policy.",
                    Type="User",
                )  # fmt: skip
            policy.revision = ids.uuid()
            if not policy.statements:
                del function.policies[name.qualifier]
            store.FUNCTIONS.put(tx, function)

        await self.kit.db.write(write)
        return {}

    @operation(naming.resource)
    async def get_policy(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        function = self.function(name)
        self.check_qualifier(function, name)
        policy = function.policies.get(name.qualifier)
        if policy is None:
            raise _no_policy()
        return {"Policy": orjson.dumps(policies.document(policy)).decode(), "RevisionId": policy.revision}


def _no_policy() -> AwsError:
    return AwsError("ResourceNotFoundException", "The resource you requested does not exist.", Type="User")
