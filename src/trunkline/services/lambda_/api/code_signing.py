"""Code signing, which there is none of: no function has a configuration, and none can be made."""

from trunkline.aws.errors import Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.lambda_ import naming
from trunkline.services.lambda_.api.operations import Operations
from trunkline.services.lambda_.naming import named


class CodeSigning(Operations):
    @operation(naming.resource)
    async def get_function_code_signing_config(self, call: Call, req: Doc) -> Doc:
        function = self.function(named(call, req))
        return {"FunctionName": function.name}

    @operation()
    async def list_code_signing_configs(self, call: Call, req: Doc) -> Doc:
        return {"CodeSigningConfigs": []}

    @operation()
    async def create_code_signing_config(self, call: Call, req: Doc) -> Doc:
        raise Refused(
            "Trunkline does not sign code: leave code signing configurations out.",
            code="InvalidParameterValueException",
            status=400,
        )
