"""Lambda's operations, a file per family."""

from trunkline.aws.identity import Access
from trunkline.aws.service import Call, Doc
from trunkline.services.lambda_ import policies, store
from trunkline.services.lambda_.api.aliases import Aliases
from trunkline.services.lambda_.api.code_signing import CodeSigning
from trunkline.services.lambda_.api.event_sources import EventSources
from trunkline.services.lambda_.api.functions import Functions
from trunkline.services.lambda_.api.invoke_configs import InvokeConfigs
from trunkline.services.lambda_.api.invoking import Invoking
from trunkline.services.lambda_.api.layers import Layers
from trunkline.services.lambda_.api.permissions import Permissions
from trunkline.services.lambda_.api.settings import Settings
from trunkline.services.lambda_.api.urls import Urls
from trunkline.services.lambda_.api.versions import Versions
from trunkline.services.lambda_.naming import named


class Api(
    Functions,
    Versions,
    Aliases,
    Permissions,
    Invoking,
    Settings,
    Layers,
    InvokeConfigs,
    EventSources,
    Urls,
    CodeSigning,
):
    """All operations."""

    def access(self, call: Call, req: Doc) -> Access:
        """The policy of the function, version or alias that a call is about."""
        if not isinstance(req.get("FunctionName"), str):
            return Access()
        name = named(call, req)
        function = store.FUNCTIONS.get(self.kit.db, name.account, name.region, name.name)
        policy = function.policies.get(name.qualifier) if function else None
        compiled = [policies.compiled(policy)] if policy else []
        return Access(policies=compiled, account=name.account)
