"""Export tasks: the events of a group's streams as gzipped objects in a bucket.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html
"""
