"""What is set beside the configuration: concurrency, tags, runtime management, recursion; and the account's limits."""

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.lambda_ import naming, store
from trunkline.services.lambda_.api.operations import Operations
from trunkline.services.lambda_.model import Function, Mapping
from trunkline.services.lambda_.naming import Name, invalid, named
from trunkline.services.lambda_.running.runner import ACCOUNT_LIMIT

_UNRESERVED_LEAST = 100
_CODE_LIMIT = 80_530_636_800


def _tagged(call: Call, req: Doc) -> str:
    return str(req["Resource"])


class Settings(Operations):
    @operation(naming.resource)
    async def put_function_concurrency(self, call: Call, req: Doc) -> Doc:
        name, count = named(call, req), req["ReservedConcurrentExecutions"]

        def write(tx: Tx) -> None:
            function = self.function(name, tx)
            others = store.FUNCTIONS.find(tx, prefix=(name.account, name.region))
            taken = sum(one.reserved or 0 for one in others if one.name != function.name)
            if ACCOUNT_LIMIT - taken - count < _UNRESERVED_LEAST:
                raise invalid(
                    "Specified ReservedConcurrentExecutions for function decreases account's "
                    f"UnreservedConcurrentExecution below its minimum value of [{_UNRESERVED_LEAST}]."
                )
            function.reserved = count
            store.FUNCTIONS.put(tx, function)

        await self.kit.db.write(write)
        return {"ReservedConcurrentExecutions": count}

    @operation(naming.resource)
    async def get_function_concurrency(self, call: Call, req: Doc) -> Doc:
        return {"ReservedConcurrentExecutions": self.function(named(call, req)).reserved}

    @operation(naming.resource)
    async def delete_function_concurrency(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)

        def write(tx: Tx) -> None:
            function = self.function(name, tx)
            function.reserved = None
            store.FUNCTIONS.put(tx, function)

        await self.kit.db.write(write)
        return {}

    @operation(naming.resource)
    async def put_function_recursion_config(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)

        def write(tx: Tx) -> None:
            function = self.function(name, tx)
            function.recursion = req["RecursiveLoop"]
            store.FUNCTIONS.put(tx, function)

        await self.kit.db.write(write)
        return {"RecursiveLoop": req["RecursiveLoop"]}

    @operation(naming.resource)
    async def get_function_recursion_config(self, call: Call, req: Doc) -> Doc:
        return {"RecursiveLoop": self.function(named(call, req)).recursion}

    @operation(naming.resource)
    async def put_runtime_management_config(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        if (req["UpdateRuntimeOn"] == "Manual") != bool(req.get("RuntimeVersionArn")):
            raise invalid("A runtime version ARN is given with, and only with, the update mode Manual.")
        config = {key: req[key] for key in ("UpdateRuntimeOn", "RuntimeVersionArn") if req.get(key)}

        def write(tx: Tx) -> Function:
            function = self.function(name, tx)
            self.check_qualifier(function, name)
            function.runtime_management[name.qualifier] = config
            store.FUNCTIONS.put(tx, function)
            return function

        return {**config, "FunctionArn": (await self.kit.db.write(write)).arn}

    @operation(naming.resource)
    async def get_runtime_management_config(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        function = self.function(name)
        self.check_qualifier(function, name)
        return {
            "UpdateRuntimeOn": "Auto",
            **function.runtime_management.get(name.qualifier, {}),
            "FunctionArn": function.arn,
        }

    @operation()
    async def get_account_settings(self, call: Call, req: Doc) -> Doc:
        functions = store.FUNCTIONS.find(self.kit.db, prefix=(call.account, call.region))
        versions = store.VERSIONS.find(self.kit.db, prefix=(call.account, call.region))
        reserved = sum(function.reserved or 0 for function in functions)
        return {
            "AccountLimit": {
                "TotalCodeSize": _CODE_LIMIT,
                "CodeSizeUnzipped": 262_144_000,
                "CodeSizeZipped": 52_428_800,
                "ConcurrentExecutions": ACCOUNT_LIMIT,
                "UnreservedConcurrentExecutions": ACCOUNT_LIMIT - reserved,
            },
            "AccountUsage": {
                "TotalCodeSize": sum(version.code.size_bytes for version in versions),
                "FunctionCount": len(functions),
            },
        }

    @operation(_tagged)
    async def tag_resource(self, call: Call, req: Doc) -> Doc:
        given = tags.normalise(req["Tags"], error="InvalidParameterValueException")

        def write(tx: Tx) -> None:
            owner = self._tagged(tx, call, req["Resource"])
            owner.tags = tags.merge(owner.tags, given, too_many="InvalidParameterValueException")
            _keep(tx, owner)

        await self.kit.db.write(write)
        return {}

    @operation(_tagged)
    async def untag_resource(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> None:
            owner = self._tagged(tx, call, req["Resource"])
            owner.tags = {key: value for key, value in owner.tags.items() if key not in req["TagKeys"]}
            _keep(tx, owner)

        await self.kit.db.write(write)
        return {}

    @operation(_tagged)
    async def list_tags(self, call: Call, req: Doc) -> Doc:
        return {"Tags": self._tagged(None, call, req["Resource"]).tags}

    def _tagged(self, tx: Tx | None, call: Call, arn: str) -> Function | Mapping:
        """The function or event source mapping with this ARN."""
        pieces = arn.split(":")
        if len(pieces) == 7 and pieces[5] == "event-source-mapping":
            found = store.MAPPINGS.get(tx or self.kit.db, pieces[4], pieces[3], pieces[6])
            if found is None:
                raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", Type="User")
            return found
        name: Name = naming.parsed(arn, call.account, call.region)
        if name.qualifier:
            raise invalid(f"Tags on function aliases and versions are not supported. Please specify either a function "
                          f"ARN: {arn}")  # fmt: skip
        return self.function(name, tx)


def _keep(tx: Tx, owner: Function | Mapping) -> None:
    if isinstance(owner, Function):
        store.FUNCTIONS.put(tx, owner)
    else:
        store.MAPPINGS.put(tx, owner)
