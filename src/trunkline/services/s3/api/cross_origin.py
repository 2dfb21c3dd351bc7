"""PutBucketCors and its like; services/s3/cors.py answers by what is put here."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.s3 import cors, errors
from trunkline.services.s3.api.settings import SettingsApi

_BUCKET = "arn:aws:s3:::{Bucket}"


class CrossOriginApi(SettingsApi):
    """A bucket's rules for pages of other origins."""

    @operation(_BUCKET, authorize=False)
    async def put_bucket_cors(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:PutBucketCORS")
        rules = req["CORSConfiguration"]["CORSRules"]
        cors.check(rules)
        await self.keep_setting(bucket, "cors", rules)
        return {}

    @operation(_BUCKET, authorize=False)
    async def get_bucket_cors(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:GetBucketCORS")
        rules = bucket.settings.get("cors")
        if rules is None:
            raise errors.not_set("NoSuchCORSConfiguration", "The CORS configuration does not exist", bucket.name)
        return {"CORSRules": rules}

    @operation(_BUCKET, authorize=False)
    async def delete_bucket_cors(self, call: Call, req: Doc) -> Doc:
        await self.keep_setting(self.gate.bucket(call, req, "s3:PutBucketCORS"), "cors", None)
        return {}
