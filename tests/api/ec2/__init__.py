"""EC2 as boto3 sees it."""
