"""OpenTelemetry's protocol over HTTP (OTLP 1.x; protobuf and JSON, gzip): spans, metrics and log records.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html. Signed requests to the AWS
endpoint are made as their signer; unsigned ones are taken on the X-Ray daemon's port only. Spans become segments as
AWS's collector makes them, log records log events as AWS's endpoint does. Metrics become metrics of CloudWatch's
classic store, by namespace and dimensions (AWS keeps those of its endpoint apart, for PromQL only): `metrics.py`.
"""

from trunkline.agents.otlp.receiver import PATHS, Receiver

__all__ = ["PATHS", "Receiver"]
