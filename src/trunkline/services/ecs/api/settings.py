"""Account settings, attributes and container instances, of which Trunkline has none."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.ecs.api.context import Context
from trunkline.services.ecs.naming import cluster_resource

_DEFAULTS = {
    "awsvpcTrunking": "disabled",
    "containerInsights": "disabled",
    "containerInstanceLongArnFormat": "enabled",
    "serviceLongArnFormat": "enabled",
    "taskLongArnFormat": "enabled",
    "tagResourceAuthorization": "off",
}


class Settings(Context):
    """What accounts may set, and the questions about instances."""

    @operation()
    async def list_account_settings(self, call: Call, req: Doc) -> Doc:
        principal = req.get("principalArn") or call.caller.principal.arn
        sql = "SELECT principal, name, value FROM ecs_settings WHERE account = ? AND region = ?"
        rows = self.kit.db.all(sql, (call.account, call.region))
        found = {row["name"]: row["value"] for row in rows if row["principal"] == "default"}
        found |= {row["name"]: row["value"] for row in rows if row["principal"] == principal}
        if req.get("effectiveSettings"):
            found = {**_DEFAULTS, **found}
        return {
            "settings": [
                {"name": name, "value": value, "principalArn": principal, "type": "user"}
                for name, value in sorted(found.items())
                if req.get("name") in (None, name) and req.get("value") in (None, value)
            ]
        }

    @operation()
    async def put_account_setting(self, call: Call, req: Doc) -> Doc:
        return await self._put(call, req.get("principalArn") or call.caller.principal.arn, req)

    @operation()
    async def put_account_setting_default(self, call: Call, req: Doc) -> Doc:
        return await self._put(call, "default", req)

    async def _put(self, call: Call, principal: str, req: Doc) -> Doc:
        name, value = req["name"], req["value"]
        if _DEFAULTS.get(name) != value:
            only = _DEFAULTS.get(name, "that AWS defaults to")
            message = f"Trunkline supports the setting {name} only with the value {only}."
            raise AwsError("InvalidParameterException", message)

        def write(tx: Tx) -> None:
            tx.execute(
                "INSERT OR REPLACE INTO ecs_settings VALUES (?, ?, ?, ?, ?)",
                (call.account, call.region, principal, name, value),
            )

        await self.kit.db.write(write)
        arn = call.caller.principal.arn if principal == "default" else principal
        return {"setting": {"name": name, "value": value, "principalArn": arn, "type": "user"}}

    @operation(cluster_resource)
    async def list_attributes(self, call: Call, req: Doc) -> Doc:
        self.cluster(call, req.get("cluster"))
        return {"attributes": []}

    @operation(cluster_resource)
    async def list_container_instances(self, call: Call, req: Doc) -> Doc:
        self.cluster(call, req.get("cluster"))
        return {"containerInstanceArns": []}

    @operation(cluster_resource)
    async def describe_container_instances(self, call: Call, req: Doc) -> Doc:
        self.cluster(call, req.get("cluster"))
        failures = [{"arn": given, "reason": "MISSING"} for given in req["containerInstances"]]
        return {"containerInstances": [], "failures": failures}
