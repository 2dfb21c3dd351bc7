"""Multi-Region keys: the same material under the same id in several regions.

https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
"""

from dataclasses import replace

from trunkline.aws import arn as arns
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise, pairs
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.kms import policies, store
from trunkline.services.kms.api.keys import metadata
from trunkline.services.kms.api.part import KEY, Part
from trunkline.services.kms.model import PRIMARY, REPLICA


class MultiRegionOperations(Part):
    """ReplicateKey and UpdatePrimaryRegion."""

    @operation(KEY)
    async def replicate_key(self, call: Call, req: Doc) -> Doc:
        region = req["ReplicaRegion"]
        policy = policies.checked(req["Policy"]) if "Policy" in req else policies.default_policy(call.account)
        tags = normalise(req.get("Tags"), error="TagException", too_many="LimitExceededException")

        def replicate(tx: Tx) -> Doc:
            primary = store.key(tx, call, req["KeyId"], self._clock.now())
            primary.check_usable(primary.usage)
            if primary.multi != PRIMARY:
                raise AwsError("UnsupportedOperationException", f"{primary.arn} is not a multi-Region primary key.")
            if region == primary.region:
                raise AwsError("ValidationException", f"{primary.arn} is in {region} already.")
            replica = replace(
                primary,
                region=region,
                arn=arns.arn("kms", region, primary.account, f"key/{primary.id}"),
                multi=REPLICA,
                policy=policy,
                description=req.get("Description", ""),
                created=self._clock.now(),
                rotation_days=0,
                tags=tags,
            )
            try:
                store.KEYS.insert(tx, replica)
            except AlreadyExists:
                raise AwsError("AlreadyExistsException", f"{replica.arn} already exists.") from None
            shown = metadata(replica, store.related(tx, replica))
            return {
                "ReplicaKeyMetadata": shown,
                "ReplicaPolicy": policy,
                "ReplicaTags": pairs(tags, key="TagKey", value="TagValue"),
            }

        return await self._db.write(replicate)

    @operation(KEY)
    async def update_primary_region(self, call: Call, req: Doc) -> None:
        def update(tx: Tx) -> None:
            primary = store.key(tx, call, req["KeyId"], self._clock.now())
            if primary.multi != PRIMARY:
                raise AwsError("UnsupportedOperationException", f"{primary.arn} is not a multi-Region primary key.")
            others = {one.region: one for one in store.related(tx, primary)}
            chosen = others.get(req["PrimaryRegion"])
            if chosen is None or chosen.region == primary.region:
                raise AwsError("NotFoundException", f"{primary.arn} has no replica in {req['PrimaryRegion']}.")
            chosen.multi, primary.multi = PRIMARY, REPLICA
            chosen.rotation_days, chosen.rotation_from = primary.rotation_days, primary.rotation_from
            primary.rotation_days = 0
            store.KEYS.put(tx, chosen)
            store.KEYS.put(tx, primary)

        await self._db.write(update)
