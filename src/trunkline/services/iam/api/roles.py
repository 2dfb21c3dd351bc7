"""Roles, service-linked ones among them."""

import json

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise
from trunkline.core import ids
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.iam import store, views
from trunkline.services.iam.api.part import ROLE, Part
from trunkline.services.iam.api.users import check_boundary
from trunkline.services.iam.documents import trust_document
from trunkline.services.iam.managed import AWS_POLICIES
from trunkline.services.iam.model import Role, unique_id

# The services whose linked roles do not simply carry the service's name.
_LINKED_NAMES = {
    "ecs.amazonaws.com": "ECS",
    "eks.amazonaws.com": "AmazonEKS",
    "elasticloadbalancing.amazonaws.com": "ElasticLoadBalancing",
    "autoscaling.amazonaws.com": "AutoScaling",
    "ecs.application-autoscaling.amazonaws.com": "ApplicationAutoScaling_ECSService",
    "lambda.application-autoscaling.amazonaws.com": "ApplicationAutoScaling_LambdaConcurrency",
    "apprunner.amazonaws.com": "AppRunner",
    "codestar-notifications.amazonaws.com": "CodeStarNotifications",
    "events.amazonaws.com": "CloudWatchEvents",
    "replication.ecr.amazonaws.com": "ECRReplication",
}


class RoleOperations(Part):
    """CreateRole and its like."""

    @operation(ROLE)
    async def create_role(self, call: Call, req: Doc) -> Doc:
        path = req.get("Path", "/")
        if path.startswith("/aws-service-role/"):
            raise AwsError("InvalidInput", "Path prefix /aws-service-role/ is reserved for service-linked roles.")
        created = self._role(call, req["RoleName"], path, trust_document(req["AssumeRolePolicyDocument"]))
        created.description = req.get("Description", "")
        created.max_session_s = req.get("MaxSessionDuration", 3600)
        created.boundary = req.get("PermissionsBoundary", "")
        created.tags = normalise(req.get("Tags"), error="InvalidInput", too_many="LimitExceeded")

        def write(tx: Tx) -> None:
            check_boundary(tx, call.account, created.boundary)
            _insert(tx, created)

        await self._change(write)
        return {"Role": views.role(created)}

    def _role(self, call: Call, name: str, path: str, trust: str) -> Role:
        return Role(
            account=call.account,
            key=name.lower(),
            name=name,
            path=path,
            id=unique_id("AROA"),
            arn=f"arn:aws:iam::{call.account}:role{path}{name}",
            created=self._clock.now(),
            trust=trust,
        )

    @operation(ROLE)
    async def get_role(self, call: Call, req: Doc) -> Doc:
        return {"Role": views.role(store.role(self._db, call.account, req["RoleName"]))}

    @operation("arn:aws:iam::{account}:role/*")
    async def list_roles(self, call: Call, req: Doc) -> Doc:
        within = views.below(req.get("PathPrefix"))
        roles = [item for item in store.ROLES.find(self._db, prefix=(call.account,)) if within(item.path)]
        return views.listed("Roles", roles, req, key=lambda i: i.key, show=lambda i: views.role(i, brief=True))

    @operation(ROLE)
    async def update_role(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> None:
            item = _own(tx, call.account, req["RoleName"])
            item.description = req.get("Description", item.description)
            item.max_session_s = req.get("MaxSessionDuration", item.max_session_s)
            store.ROLES.put(tx, item)

        await self._change(write)
        return {}

    @operation(ROLE)
    async def update_role_description(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> Role:
            item = store.role(tx, call.account, req["RoleName"])
            item.description = req["Description"]
            store.ROLES.put(tx, item)
            return item

        return {"Role": views.role(await self._change(write))}

    @operation(ROLE)
    async def update_assume_role_policy(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = _own(tx, call.account, req["RoleName"])
            item.trust = trust_document(req["PolicyDocument"])
            store.ROLES.put(tx, item)

        await self._change(write)

    @operation(ROLE)
    async def delete_role(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = _own(tx, call.account, req["RoleName"])
            first = ""
            if any(item.key in found.roles for found in store.PROFILES.find(tx, prefix=(call.account,))):
                first = "remove roles from instance profile"
            elif item.attached:
                first = "detach all policies"
            elif item.inline:
                first = "delete policies"
            if first:
                raise AwsError("DeleteConflict", f"Cannot delete entity, must {first} first.")
            store.ROLES.delete(tx, call.account, item.key)

        await self._change(write)

    @operation(ROLE)
    async def put_role_permissions_boundary(self, call: Call, req: Doc) -> None:
        await self._set_role_boundary(call, req["RoleName"], req["PermissionsBoundary"])

    @operation(ROLE)
    async def delete_role_permissions_boundary(self, call: Call, req: Doc) -> None:
        await self._set_role_boundary(call, req["RoleName"], "")

    async def _set_role_boundary(self, call: Call, name: str, arn: str) -> None:
        def write(tx: Tx) -> None:
            item = _own(tx, call.account, name)
            check_boundary(tx, call.account, arn)
            item.boundary = arn
            store.ROLES.put(tx, item)

        await self._change(write)

    @operation("arn:aws:iam::{account}:role/aws-service-role/{AWSServiceName}/*")
    async def create_service_linked_role(self, call: Call, req: Doc) -> Doc:
        service = req["AWSServiceName"]
        label = service.split(".")[0].replace("-", " ").title().replace(" ", "")
        name = f"AWSServiceRoleFor{_LINKED_NAMES.get(service, label)}"
        if "CustomSuffix" in req:
            name += f"_{req['CustomSuffix']}"
        statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        created = self._role(call, name, f"/aws-service-role/{service}/", trust_document(trust))
        created.service = service
        created.description = req.get("Description", "")
        usual = f"arn:aws:iam::aws:policy/aws-service-role/Amazon{_LINKED_NAMES.get(service, label)}ServiceRolePolicy"
        created.attached = [usual] if usual in AWS_POLICIES else []

        def write(tx: Tx) -> None:
            if store.ROLES.get(tx, call.account, created.key) is not None:
                raise AwsError(
                    "InvalidInput",
                    f"Service role name {name} has been taken in this account, please try a different suffix.",
                )
            _insert(tx, created)

        await self._change(write)
        return {"Role": views.role(created)}

    @operation(ROLE)
    async def delete_service_linked_role(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> Role:
            item = store.role(tx, call.account, req["RoleName"])
            if not item.service:
                raise AwsError("NoSuchEntity", f"The role {item.name} is not a service-linked role.")
            store.ROLES.delete(tx, call.account, item.key)
            return item

        item = await self._change(write)
        return {"DeletionTaskId": f"task{item.path}{item.name}/{ids.uuid()}"}

    @operation()
    async def get_service_linked_role_deletion_status(self, call: Call, req: Doc) -> Doc:
        parts = req["DeletionTaskId"].split("/")
        if len(parts) != 5 or parts[:2] != ["task", "aws-service-role"]:
            raise AwsError("NoSuchEntity", f"The deletion task {req['DeletionTaskId']} cannot be found.")
        return {"Status": "SUCCEEDED"}


def _insert(tx: Tx, created: Role) -> None:
    try:
        store.ROLES.insert(tx, created)
    except AlreadyExists:
        raise AwsError("EntityAlreadyExists", f"Role with name {created.name} already exists.") from None


def _own(tx: Tx, account: str, name: str) -> Role:
    """A role that its account may change: not one that a service keeps."""
    item = store.role(tx, account, name)
    if item.service:
        raise AwsError(
            "UnmodifiableEntity",
            f"Cannot perform the operation on the protected role '{item.name}' - this role is only modifiable by AWS",
        )
    return item
