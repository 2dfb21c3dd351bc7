"""PutMetricData."""

from __future__ import annotations

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.cloudwatch.api.context import Context
from trunkline.services.cloudwatch.metric_data import check_namespace, data_of, samples

_LARGEST_BYTES = 2**20


class PutMetrics(Context):
    @operation(mutates=False)  # a data event to CloudTrail: too many for the audit record
    async def put_metric_data(self, call: Call, req: Doc) -> Doc:
        if int(call.headers.get("content-length") or 0) > _LARGEST_BYTES:
            raise AwsError("RequestEntityTooLarge", "Request size exceeded 1048576 bytes", status=413)
        namespace = req["Namespace"]
        check_namespace(namespace, by_service=call.caller.principal.kind == "service")
        data = data_of(req)
        if not data:
            raise AwsError("MissingRequiredParameterException", "The parameter MetricData is required.")
        put = samples(call.account, call.region, namespace, data, self._now_ms())
        await self._telemetry.put_samples(put)
        self._streams.note(put)
        return {}
