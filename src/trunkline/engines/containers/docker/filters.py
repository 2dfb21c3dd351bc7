"""The `filters` parameter of list and event calls: always narrowed to this instance."""

import json
from collections.abc import Mapping

from trunkline.engines.containers.model import INSTANCE_LABEL


def labels_filter(instance_id: str, labels: Mapping[str, str] | None, **more: list[str]) -> dict[str, str]:
    """Query parameters that select what carries the instance's label and all of `labels`."""
    wanted = {**(labels or {}), INSTANCE_LABEL: instance_id}
    return {"filters": json.dumps({"label": [f"{key}={value}" for key, value in wanted.items()], **more})}
