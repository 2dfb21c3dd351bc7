"""How asynchronous invocations are retried and where their outcome goes; provisioned concurrency, which is kept."""

from datetime import datetime
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.lambda_ import naming, store
from trunkline.services.lambda_.api.operations import Operations
from trunkline.services.lambda_.model import LATEST, Function
from trunkline.services.lambda_.naming import Name, invalid, named
from trunkline.services.lambda_.running import destinations

_MEMBERS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
_PAGE = 50


class InvokeConfigs(Operations):
    @operation(naming.resource)
    async def put_function_event_invoke_config(self, call: Call, req: Doc) -> Doc:
        return await self._keep(call, req, {})

    @operation(naming.resource)
    async def update_function_event_invoke_config(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        return await self._keep(call, req, self._invoke_config(self.function(name), name))

    async def _keep(self, call: Call, req: Doc, before: Doc) -> Doc:
        name = named(call, req)
        config = {**before, **{key: req[key] for key in _MEMBERS if key in req}}
        for one in (config.get("DestinationConfig") or {}).values():
            if one and one.get("Destination"):
                destinations.check(one["Destination"])
        if not any(key in config for key in _MEMBERS):
            raise invalid("You must specify at least one of error handling or destination setting.")
        config["LastModified"] = self.kit.clock.now().isoformat()

        def write(tx: Tx) -> Doc:
            function = self.function(name, tx)
            self.check_qualifier(function, name)
            function.event_invoke[_key(name)] = config
            store.FUNCTIONS.put(tx, function)
            return _described_config(function, _key(name), config)

        return await self.kit.db.write(write)

    @operation(naming.resource)
    async def get_function_event_invoke_config(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        function = self.function(name)
        return _described_config(function, _key(name), self._invoke_config(function, name))

    @operation(naming.resource)
    async def delete_function_event_invoke_config(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)

        def write(tx: Tx) -> None:
            function = self.function(name, tx)
            self._invoke_config(function, name)
            del function.event_invoke[_key(name)]
            store.FUNCTIONS.put(tx, function)

        await self.kit.db.write(write)
        return {}

    @operation(naming.resource)
    async def list_function_event_invoke_configs(self, call: Call, req: Doc) -> Doc:
        function = self.function(named(call, req))
        chosen, marker = _paged(function.event_invoke, req)
        configs = [_described_config(function, key, function.event_invoke[key]) for key in chosen]
        return {"FunctionEventInvokeConfigs": configs, "NextMarker": marker}

    def _invoke_config(self, function: Function, name: Name) -> Doc:
        found = function.event_invoke.get(_key(name))
        if found is None:
            message = f"The function {function.arn}:{_key(name) or LATEST} doesn't have an EventInvokeConfig"
            raise AwsError("ResourceNotFoundException", message, Type="User")
        return found

    @operation(naming.resource)
    async def put_provisioned_concurrency_config(self, call: Call, req: Doc) -> Doc:
        name, count = named(call, req), req["ProvisionedConcurrentExecutions"]
        if name.qualifier in ("", LATEST):
            raise invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
        config = {"Requested": count, "LastModified": self.kit.clock.now().isoformat()}

        def write(tx: Tx) -> None:
            function = self.function(name, tx)
            self.check_qualifier(function, name)
            function.provisioned[name.qualifier] = config
            store.FUNCTIONS.put(tx, function)

        await self.kit.db.write(write)
        return _described_provisioned(config)

    @operation(naming.resource)
    async def get_provisioned_concurrency_config(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        found = self.function(name).provisioned.get(name.qualifier)
        if found is None:
            raise AwsError(
                "ProvisionedConcurrencyConfigNotFoundException",
                "No Provisioned Concurrency Config found for this function",
                Type="User",
            )
        return _described_provisioned(found)

    @operation(naming.resource)
    async def delete_provisioned_concurrency_config(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)

        def write(tx: Tx) -> None:
            function = self.function(name, tx)
            function.provisioned.pop(name.qualifier, None)
            store.FUNCTIONS.put(tx, function)

        await self.kit.db.write(write)
        return {}

    @operation(naming.resource)
    async def list_provisioned_concurrency_configs(self, call: Call, req: Doc) -> Doc:
        function = self.function(named(call, req))
        chosen, marker = _paged(function.provisioned, req)
        configs = [
            {"FunctionArn": f"{function.arn}:{key}", **_described_provisioned(function.provisioned[key])}
            for key in chosen
        ]
        return {"ProvisionedConcurrencyConfigs": configs, "NextMarker": marker}


def _key(name: Name) -> str:
    return "" if name.qualifier == LATEST else name.qualifier


def _paged(found: dict[str, Any], req: Doc) -> tuple[list[str], str | None]:
    limit = min(req.get("MaxItems", _PAGE), _PAGE)
    return page(found, limit, req.get("Marker"), key=str, error="InvalidParameterValueException")


def _described_config(function: Function, key: str, config: Doc) -> Doc:
    return {
        **{name: config[name] for name in _MEMBERS if name in config},
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}, **(config.get("DestinationConfig") or {})},
        "FunctionArn": f"{function.arn}:{key or LATEST}",
        "LastModified": datetime.fromisoformat(config["LastModified"]),
    }


def _described_provisioned(config: Doc) -> Doc:
    count = config["Requested"]
    return {
        "RequestedProvisionedConcurrentExecutions": count,
        "AvailableProvisionedConcurrentExecutions": count,
        "AllocatedProvisionedConcurrentExecutions": count,
        "Status": "READY",
        "LastModified": config["LastModified"],
    }
