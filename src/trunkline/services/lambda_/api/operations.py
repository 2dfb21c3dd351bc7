"""What the families of operations have in common: the context, and a function's state behind one change."""

from trunkline.aws.service import Doc
from trunkline.core.db import Tx
from trunkline.services.lambda_ import store
from trunkline.services.lambda_.context import Context
from trunkline.services.lambda_.model import LATEST, Function, Version
from trunkline.services.lambda_.naming import Name, function, not_found


class Operations:
    def __init__(self, context: Context) -> None:
        self.context = context
        self.kit = context.kit

    def latest(self, name: Name, tx: Tx | None = None) -> Version:
        """The version that can be changed."""
        found = store.VERSIONS.get(tx or self.kit.db, name.account, name.region, name.name, LATEST)
        if found is None:
            raise not_found(name)
        return found

    def function(self, name: Name, tx: Tx | None = None) -> Function:
        return function(tx or self.kit.db, name)

    def check_qualifier(self, found: Function, name: Name) -> None:
        """ResourceNotFoundException when the qualifier names neither a version nor an alias."""
        if name.qualifier in ("", LATEST) or name.qualifier in found.aliases:
            return
        key = (name.account, name.region, name.name, name.qualifier)
        if store.VERSIONS.get(self.kit.db, *key) is None:
            raise not_found(name)


def members(req: Doc, *names: str) -> Doc:
    """Those of the members that were given."""
    return {name: req[name] for name in names if name in req}
