"""The versions of a parameter, and the labels that point to them."""

import re

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.ssm import events, names, store
from trunkline.services.ssm.api.part import Part
from trunkline.services.ssm.model import MAX_LABELS

_LABEL = re.compile(r"(?!(?i:aws|ssm))[a-zA-Z_.\-][a-zA-Z0-9_.\-]{0,99}")


class HistoryOperations(Part):
    """GetParameterHistory, LabelParameterVersion, UnlabelParameterVersion."""

    @operation(names.resource)
    async def get_parameter_history(self, call: Call, req: Doc) -> Doc:
        item = store.parameter(self._db, call, names.select(req["Name"]).name)
        versions = store.versions(self._db, item)
        chosen, token = page(
            versions,
            req.get("MaxResults", 50),
            req.get("NextToken"),
            key=lambda v: f"{v.version:012}",
            error="InvalidNextToken",
        )
        decrypt = req.get("WithDecryption", False)
        shown = [
            {
                "Name": version.name,
                "Type": version.type,
                "KeyId": version.key_id or None,
                "LastModifiedDate": version.modified,
                "LastModifiedUser": version.modified_by,
                "Description": version.description or None,
                "Value": await self.value(call, version, decrypt=decrypt),
                "AllowedPattern": version.allowed_pattern or None,
                "Version": version.version,
                "Labels": version.labels,
                "Tier": version.tier,
                "Policies": [],
                "DataType": "text",
            }
            for version in chosen
        ]
        return {"Parameters": shown, "NextToken": token}

    @operation(names.resource)
    async def label_parameter_version(self, call: Call, req: Doc) -> Doc:
        labels = list(dict.fromkeys(req["Labels"]))
        invalid = [label for label in labels if not _LABEL.fullmatch(label)]
        valid = [label for label in labels if label not in invalid]
        now = self._clock.now()

        def write(tx: Tx) -> int:
            item = store.parameter(tx, call, names.select(req["Name"]).name)
            number = req.get("ParameterVersion", item.version)
            target = store.select(tx, item, f":{number}")
            if len({*target.labels, *valid}) > MAX_LABELS:
                raise AwsError(
                    "ParameterVersionLabelLimitExceeded",
                    "An error occurred (ParameterVersionLabelLimitExceeded) when calling the LabelParameterVersion "
                    f"operation: A parameter version can have maximum {MAX_LABELS} labels. Move one or more labels to "
                    "another version and try again.",
                )
            for version in store.versions(tx, item):
                kept = [label for label in version.labels if label not in valid]
                if version.version == target.version:
                    kept += valid
                if kept != version.labels:
                    version.labels = kept
                    store.VERSIONS.put(tx, version)
            self._ledger.append(tx, events.change(item, "LabelParameterVersion", now))
            return target.version

        return {"InvalidLabels": invalid, "ParameterVersion": await self._db.write(write)}

    @operation(names.resource)
    async def unlabel_parameter_version(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> Doc:
            item = store.parameter(tx, call, names.select(req["Name"]).name)
            target = store.select(tx, item, f":{req['ParameterVersion']}")
            removed = [label for label in req["Labels"] if label in target.labels]
            target.labels = [label for label in target.labels if label not in removed]
            store.VERSIONS.put(tx, target)
            return {
                "RemovedLabels": removed,
                "InvalidLabels": [label for label in req["Labels"] if label not in removed],
            }

        return await self._db.write(write)
