"""GetMetricWidgetImage."""

from __future__ import annotations

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.services.cloudwatch import anomaly, images
from trunkline.services.cloudwatch.api.context import invalid
from trunkline.services.cloudwatch.api.metric_data import MetricData
from trunkline.services.cloudwatch.child import ChildFailed


class WidgetImage(MetricData):
    @operation()
    async def get_metric_widget_image(self, call: Call, req: Doc) -> Doc:
        if req.get("OutputFormat", "png") != "png":
            raise Refused("Trunkline gives widget images as png: leave OutputFormat out.")
        try:
            widget = images.parse(req["MetricWidget"], call.region, self._kit.clock.now())
        except images.BadWidget as error:
            raise invalid(f"The parameter MetricWidget is invalid: {error}.") from None
        shown: list[images.Shown] = []
        if widget.queries:
            found, _ = await self._answers(
                call, widget.queries, widget.start_ms, widget.end_ms, widget.style["timezone"]
            )
            shown = [(one.query_id, one.label, one.points) for one in found]
        banded = {query["Id"] for query in widget.queries if any(anomaly.banded(query.get("Expression", "")))}
        try:
            return {"MetricWidgetImage": await images.draw(widget, shown, banded)}
        except ChildFailed as error:
            raise AwsError("InternalServiceFault", f"The image could not be drawn: {error}", status=500) from None
