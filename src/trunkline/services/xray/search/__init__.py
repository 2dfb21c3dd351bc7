"""Transaction search: spans kept in CloudWatch Logs, of which a share is indexed as traces, and traces got back.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Transaction-Search.html
"""
