"""Function URLs: functions that answer HTTP by themselves."""

from datetime import datetime

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.lambda_ import naming, store
from trunkline.services.lambda_.api.operations import Operations
from trunkline.services.lambda_.model import LATEST, Function
from trunkline.services.lambda_.naming import Name, conflict, invalid, named
from trunkline.services.lambda_.web import PREFIX

_PAGE = 50


class Urls(Operations):
    @operation(naming.resource)
    async def create_function_url_config(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        now = self.kit.clock.now().isoformat()
        config: Doc = {
            "Id": ids.alnum(32),
            "AuthType": req["AuthType"],
            "InvokeMode": req.get("InvokeMode", "BUFFERED"),
            "CreationTime": now,
            "LastModifiedTime": now,
        }
        if req.get("Cors"):
            config["Cors"] = req["Cors"]

        def write(tx: Tx) -> Doc:
            function = self.function(name, tx)
            if name.qualifier and name.qualifier not in function.aliases:
                raise invalid("Function URLs can be made for functions and aliases only, not for versions.")
            if name.qualifier in function.urls:
                raise conflict(
                    "Failed to create function url config for [functionArn = "
                    f"{name.qualified_arn}]. Error message:  FunctionUrlConfig exists for this Lambda function"
                )
            function.urls[name.qualifier] = config
            store.FUNCTIONS.put(tx, function)
            return self._described(function, name.qualifier)

        return await self.kit.db.write(write)

    @operation(naming.resource)
    async def update_function_url_config(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)

        def write(tx: Tx) -> Doc:
            function = self.function(name, tx)
            config = _config(function, name)
            config |= {key: req[key] for key in ("AuthType", "InvokeMode") if key in req}
            if "Cors" in req:
                config["Cors"] = req["Cors"] or {}
            config["LastModifiedTime"] = self.kit.clock.now().isoformat()
            store.FUNCTIONS.put(tx, function)
            return self._described(function, name.qualifier)

        return await self.kit.db.write(write)

    @operation(naming.resource)
    async def get_function_url_config(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        function = self.function(name)
        _config(function, name)
        return self._described(function, name.qualifier)

    @operation(naming.resource)
    async def delete_function_url_config(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)

        def write(tx: Tx) -> None:
            function = self.function(name, tx)
            _config(function, name)
            del function.urls[name.qualifier]
            store.FUNCTIONS.put(tx, function)

        await self.kit.db.write(write)
        return {}

    @operation(naming.resource)
    async def list_function_url_configs(self, call: Call, req: Doc) -> Doc:
        function = self.function(named(call, req))
        limit = min(req.get("MaxItems", _PAGE), _PAGE)
        chosen, marker = page(function.urls, limit, req.get("Marker"), key=str, error="InvalidParameterValueException")
        return {"FunctionUrlConfigs": [self._described(function, key) for key in chosen], "NextMarker": marker}

    def _described(self, function: Function, qualifier: str) -> Doc:
        config = function.urls[qualifier]
        settings = self.kit.settings
        return {
            "FunctionUrl": f"http://{settings.host}:{settings.port}{PREFIX}{config['Id']}/",
            "FunctionArn": f"{function.arn}:{qualifier}" if qualifier else function.arn,
            "AuthType": config["AuthType"],
            "InvokeMode": config["InvokeMode"],
            "Cors": config.get("Cors") or None,
            "CreationTime": datetime.fromisoformat(config["CreationTime"]),
            "LastModifiedTime": datetime.fromisoformat(config["LastModifiedTime"]),
        }


def _config(function: Function, name: Name) -> Doc:
    found = function.urls.get("" if name.qualifier == LATEST else name.qualifier)
    if found is None:
        raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", Type="User")
    return found
