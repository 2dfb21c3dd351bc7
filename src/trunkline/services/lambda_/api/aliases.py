"""Aliases: names that point to a version, or share the traffic between two."""

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.lambda_ import configuration, naming, store
from trunkline.services.lambda_.api.operations import Operations
from trunkline.services.lambda_.model import LATEST, Alias, Function
from trunkline.services.lambda_.naming import Name, check_revision, conflict, invalid, named, not_found

_PAGE = 50


def _resource(call: Call, req: Doc) -> str:
    return f"{named(call, req).arn}:{req['Name']}"


class Aliases(Operations):
    @operation(naming.resource)
    async def create_alias(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)

        def write(tx: Tx) -> Doc:
            function = self.function(name, tx)
            if req["Name"] in function.aliases:
                raise conflict(f"Alias already exists: {function.arn}:{req['Name']}")
            alias = Alias(req["Name"], "", req.get("Description", ""))
            self._point(tx, function, alias, req)
            return configuration.described_alias(function.arn, alias)

        return await self.kit.db.write(write)

    @operation(_resource)
    async def get_alias(self, call: Call, req: Doc) -> Doc:
        function = self.function(named(call, req))
        return configuration.described_alias(function.arn, _alias(function, req["Name"]))

    @operation(_resource)
    async def update_alias(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)

        def write(tx: Tx) -> Doc:
            function = self.function(name, tx)
            alias = _alias(function, req["Name"])
            check_revision(req.get("RevisionId"), alias.revision)
            alias.description = req.get("Description", alias.description)
            self._point(tx, function, alias, req)
            return configuration.described_alias(function.arn, alias)

        return await self.kit.db.write(write)

    @operation(_resource)
    async def delete_alias(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)

        def write(tx: Tx) -> None:
            function = self.function(name, tx)
            if function.aliases.pop(req["Name"], None) is not None:
                for kept in (function.policies, function.event_invoke, function.urls, function.provisioned):
                    kept.pop(req["Name"], None)
                store.FUNCTIONS.put(tx, function)

        await self.kit.db.write(write)
        return {}

    @operation(naming.resource)
    async def list_aliases(self, call: Call, req: Doc) -> Doc:
        function = self.function(named(call, req))
        wanted = req.get("FunctionVersion")
        found = [alias for alias in function.aliases.values() if wanted in (None, alias.version)]
        chosen, marker = page(
            found,
            min(req.get("MaxItems", _PAGE), _PAGE),
            req.get("Marker"),
            key=lambda alias: alias.name,
            error="InvalidParameterValueException",
        )
        aliases = [configuration.described_alias(function.arn, alias) for alias in chosen]
        return {"Aliases": aliases, "NextMarker": marker}

    def _point(self, tx: Tx, function: Function, alias: Alias, req: Doc) -> None:
        """Let it point where the request says, if that is possible."""
        alias.version = req.get("FunctionVersion", alias.version)
        if "RoutingConfig" in req:
            alias.routing = dict((req["RoutingConfig"] or {}).get("AdditionalVersionWeights") or {})
        if len(alias.routing) > 1:
            raise invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
        if alias.routing and alias.version == LATEST:
            raise invalid("$LATEST is not supported for an alias pointing to more than 1 version")
        if alias.version in alias.routing:
            raise invalid("Function version and the version in AdditionalVersionWeights must be different")
        for number in (alias.version, *alias.routing):
            key = (function.account, function.region, function.name)
            if store.VERSIONS.get(tx, *key, number) is None:
                raise not_found(Name(*key, number))
        alias.revision = ids.uuid()
        function.aliases[alias.name] = alias
        store.FUNCTIONS.put(tx, function)


def _alias(function: Function, name: str) -> Alias:
    found = function.aliases.get(name)
    if found is None:
        raise AwsError("ResourceNotFoundException", f"Cannot find alias arn: {function.arn}:{name}", Type="User")
    return found
