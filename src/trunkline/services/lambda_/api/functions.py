"""Functions: create, look, change, delete."""

import asyncio
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise
from trunkline.core import ids
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.lambda_ import configuration, naming, store
from trunkline.services.lambda_.api.operations import Operations
from trunkline.services.lambda_.api.versions import publish
from trunkline.services.lambda_.layering import layers_of
from trunkline.services.lambda_.model import LATEST, Function, Version
from trunkline.services.lambda_.naming import Name, check_revision, conflict, invalid, named, resolve
from trunkline.services.lambda_.running.vpc import vpc_config
from trunkline.services.lambda_.sources import Sources

_PAGE = 50


class Functions(Operations):
    @operation(naming.resource)
    async def create_function(self, call: Call, req: Doc) -> Doc:
        name = Name(call.account, call.region, naming.parsed(req["FunctionName"], call.account, call.region).name)
        package_type = req.get("PackageType") or ("Image" if req["Code"].get("ImageUri") else "Zip")
        config = configuration.of_request({**req, "PackageType": package_type})
        if store.FUNCTIONS.get(self.kit.db, name.account, name.region, name.name) is not None:
            raise conflict(f"Function already exist: {name.name}")
        tags = normalise(req.get("Tags"), error="InvalidParameterValueException")
        await self._check_role(call, config)
        if "VpcConfig" in req:
            config["VpcConfig"] = await vpc_config(self.kit, call, req["VpcConfig"])
        layers = layers_of(self.kit, call, req.get("Layers") or [])
        code = await self._sources().code(call, req["Code"], package_type)
        now = self.kit.clock.now()
        function = Function(name.account, name.region, name.name, now, tags=tags)
        version = Version(name.account, name.region, name.name, LATEST, config, code, now, layers=layers)

        def create(tx: Tx) -> Doc:
            try:
                store.FUNCTIONS.insert(tx, function)
            except AlreadyExists:
                raise conflict(f"Function already exist: {name.name}") from None
            store.VERSIONS.put(tx, version)
            published = publish(tx, function, version, now) if req.get("Publish") else version
            return configuration.described(published)

        return await self.kit.db.write(create)

    @operation(naming.resource)
    async def get_function(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        found = resolve(self.kit.db, name)
        code = found.version.code
        if code.image_uri:
            location: Doc = {
                "RepositoryType": "ECR", "ImageUri": code.image_uri, "ResolvedImageUri": code.resolved_image_uri
            }  # fmt: skip
        else:
            url = self.context.downloads.url(call.host, code.folder)
            location = {"RepositoryType": "S3", "Location": url}
        function = found.function
        answer: Doc = {
            "Configuration": configuration.described(found.version, qualified=name.qualifier),
            "Code": location,
        }
        if function.tags:
            answer["Tags"] = function.tags
        if function.reserved is not None:
            answer["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved}
        return answer

    @operation(naming.resource)
    async def get_function_configuration(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        return configuration.described(resolve(self.kit.db, name).version, qualified=name.qualifier)

    @operation()
    async def list_functions(self, call: Call, req: Doc) -> Doc:
        all_versions = req.get("FunctionVersion") == "ALL"
        prefix = (call.account, call.region)
        found = store.VERSIONS.find(self.kit.db, prefix=prefix)
        wanted = [version for version in found if all_versions or version.number == LATEST]
        chosen, marker = page(
            wanted,
            min(req.get("MaxItems", _PAGE), _PAGE),
            req.get("Marker"),
            key=lambda version: f"{version.name}:{version.number.zfill(10)}",
            error="InvalidParameterValueException",
        )
        described = [configuration.described(one, qualified=one.number if all_versions else "") for one in chosen]
        return {"Functions": described, "NextMarker": marker}

    @operation(naming.resource)
    async def delete_function(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        self.function(name)
        if name.qualifier == LATEST:
            raise invalid("$LATEST version cannot be deleted without deleting the function.")
        if name.qualifier:
            await self.kit.db.write(lambda tx: self._delete_version(tx, name))
            await self.context.engines.functions.retire(f"{name.arn}:{name.qualifier}")
            return {}

        def delete(tx: Tx) -> list[Version]:
            versions = store.VERSIONS.find(tx, prefix=(name.account, name.region, name.name))
            for version in versions:
                store.VERSIONS.delete(tx, name.account, name.region, name.name, version.number)
            store.FUNCTIONS.delete(tx, name.account, name.region, name.name)
            return versions

        # Their network interfaces are gone with them: whoever deletes the subnet next is not to find one.
        retire = self.context.engines.functions.retire
        await asyncio.gather(*(retire(version.arn) for version in await self.kit.db.write(delete)))
        return {"StatusCode": 204}

    def _delete_version(self, tx: Tx, name: Name) -> None:
        function = self.function(name, tx)
        if name.qualifier in function.aliases:
            raise invalid(f"Cannot delete by alias: {name.qualifier}")
        using = [alias.name for alias in function.aliases.values() if name.qualifier in (alias.version, *alias.routing)]
        if using:
            raise conflict(f"The following aliases reference this version: [{', '.join(using)}]")
        store.VERSIONS.delete(tx, name.account, name.region, name.name, name.qualifier)

    @operation(naming.resource)
    async def update_function_code(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        version = self.latest(name)
        check_revision(req.get("RevisionId"), version.revision)
        code = await self._sources().code(call, req, version.config["PackageType"])
        changes: Doc = {"Architectures": req["Architectures"]} if "Architectures" in req else {}
        if req.get("DryRun"):
            return configuration.described(version)

        def change(current: Version) -> None:
            current.code = code
            current.config |= changes

        return await self._changed(name, req, change, publish_it=bool(req.get("Publish")))

    @operation(naming.resource)
    async def update_function_configuration(self, call: Call, req: Doc) -> Doc:
        name = named(call, req)
        version = self.latest(name)
        check_revision(req.get("RevisionId"), version.revision)
        config = configuration.of_request(req, version.config)
        if "Role" in req:
            await self._check_role(call, config)
        if "VpcConfig" in req:
            config["VpcConfig"] = await vpc_config(self.kit, call, req["VpcConfig"])
        layers = layers_of(self.kit, call, req["Layers"] or []) if "Layers" in req else None

        def change(current: Version) -> None:
            current.config = config
            if layers is not None:
                current.layers = layers

        return await self._changed(name, req, change)

    async def _changed(self, name: Name, req: Doc, change: Any, *, publish_it: bool = False) -> Doc:
        now = self.kit.clock.now()

        def write(tx: Tx) -> tuple[Version, Version]:
            current = self.latest(name, tx)
            check_revision(req.get("RevisionId"), current.revision)
            change(current)
            current.modified, current.revision = now, ids.uuid()
            store.VERSIONS.put(tx, current)
            return current, publish(tx, self.function(name, tx), current, now) if publish_it else current

        current, answered = await self.kit.db.write(write)
        self.context.runner.retire(current)
        return configuration.described(answered)

    def _sources(self) -> Sources:
        return Sources(self.kit, self.context.packages, self.context.engines.containers)

    async def _check_role(self, call: Call, config: Doc) -> None:
        """A role that was made a moment ago may be used at once; one that does not trust Lambda never."""
        try:
            await self.kit.call.assume(config["Role"], service="lambda.amazonaws.com", region=call.region)
        except AwsError as error:
            raise invalid("The role defined for the function cannot be assumed by Lambda.") from error
