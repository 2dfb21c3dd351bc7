"""ListExports and ListImports."""

from trunkline.aws import paging
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.api.part import Part
from trunkline.services.cloudformation.preparing.sources import bad

_PAGE = 100
_REFUSED = "ValidationError"


class ExportOperations(Part):
    """Values that stacks share by name."""

    @operation()
    async def list_exports(self, call: Call, req: Doc) -> Doc:
        found = store.exports.find(self._db, prefix=(call.account, call.region))
        page, token = paging.page(found, _PAGE, req.get("NextToken"), key=lambda one: one.name, error=_REFUSED)
        exports = [{"ExportingStackId": one.stack_id, "Name": one.name, "Value": one.value} for one in page]
        return {"Exports": exports, "NextToken": token}

    @operation()
    async def list_imports(self, call: Call, req: Doc) -> Doc:
        name = req["ExportName"]
        used = store.imports.find(self._db, prefix=(call.account, call.region, name))
        if not used:
            if store.exports.get(self._db, call.account, call.region, name) is None:
                raise bad(f"Export '{name}' does not exist.")
            raise bad(f"Export '{name}' is not imported by any stack.")
        page, token = paging.page(used, _PAGE, req.get("NextToken"), key=lambda one: one.stack_name, error=_REFUSED)
        return {"Imports": [one.stack_name for one in page], "NextToken": token}
