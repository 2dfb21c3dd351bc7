"""Metric streams: what is put under a metric goes on to a bucket, minute by minute, as JSON or OpenTelemetry.

AWS sends a stream to Firehose, which writes to S3. There is no Firehose here: a stream whose FirehoseArn names a
delivery stream called s3.BUCKET, such as arn:aws:firehose:us-east-1:000000000000:deliverystream/s3.my-metrics, is
written to that bucket under the keys that Firehose makes, as the stream's role; any other FirehoseArn is refused.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Metric-Streams.html
"""

from trunkline.services.cloudwatch.streams.delivery import Delivery
from trunkline.services.cloudwatch.streams.model import STREAMS, MetricStream, bucket_of

__all__ = ["STREAMS", "Delivery", "MetricStream", "bucket_of"]
