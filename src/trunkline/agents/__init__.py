"""What runs beside an application on AWS to take its telemetry in: the X-Ray daemon and an OpenTelemetry receiver.

Both translate and hand on: everything they take in is stored by calls of the AWS API (PutTraceSegments, PutMetricData,
PutLogEvents), so limits, permissions and errors are the API's own.
"""
