"""Managed policies that templates give to functions: execution roles by what they read, and access to services that are
not here (DynamoDB, Kinesis, …): a role may name them, and deploys, though nobody can call those services.
"""

from trunkline.services.iam.managed.statements import Entry, allow

_ROLES = "/service-role/"
_WRITE_LOGS = "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents"


def _reads(name: str, source: str, actions: str) -> Entry:
    description = f"Provides list and read access to {source} and write permissions to CloudWatch Logs."
    return Entry(name, description, [allow(f"{actions} {_WRITE_LOGS}")], _ROLES)


def _full(name: str, actions: str) -> Entry:
    return Entry(name, "Provides full access via the AWS Management Console.", [allow(actions)])


FUNCTIONS = [
    _reads("AWSLambdaSQSQueueExecutionRole", "SQS", "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes"),
    _reads(
        "AWSLambdaDynamoDBExecutionRole",
        "DynamoDB streams",
        "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams",
    ),
    _reads(
        "AWSLambdaKinesisExecutionRole",
        "Kinesis streams",
        "kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator "
        "kinesis:ListShards kinesis:ListStreams kinesis:SubscribeToShard",
    ),
    _reads("AWSLambdaMSKExecutionRole", "MSK clusters", "kafka:DescribeCluster kafka:GetBootstrapBrokers"),
    Entry(
        "AWSLambdaExecute",
        "Provides Put, Get access to S3 and full access to CloudWatch Logs.",
        [allow("logs:*", "arn:aws:logs:*:*:*"), allow("s3:GetObject s3:PutObject", "arn:aws:s3:::*")],
    ),
    Entry(
        "AWSLambda_ReadOnlyAccess",
        "Grants read-only access to AWS Lambda service.",
        [allow("lambda:Get* lambda:List* logs:DescribeLogGroups cloudwatch:GetMetricData cloudwatch:ListMetrics")],
    ),
    Entry(
        "AWSLambdaENIManagementAccess",
        "Provides minimum permissions for a Lambda function to manage ENIs used by a VPC-enabled Lambda Function.",
        [allow("ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DeleteNetworkInterface")],
        _ROLES,
    ),
    Entry(
        "CloudWatchLambdaInsightsExecutionRolePolicy",
        "Policy required for the Lambda Insights Extension",
        [allow("logs:CreateLogGroup"), allow("logs:CreateLogStream logs:PutLogEvents")],
    ),
    _full("AmazonDynamoDBFullAccess", "dynamodb:* dax:* application-autoscaling:*"),
    Entry(
        "AmazonDynamoDBReadOnlyAccess",
        "Provides read only access to Amazon DynamoDB via the AWS Management Console.",
        [
            allow(
                "dynamodb:BatchGetItem dynamodb:Describe* dynamodb:List* dynamodb:GetItem dynamodb:Query dynamodb:Scan"
            )
        ],
    ),
    _full("AmazonKinesisFullAccess", "kinesis:*"),
    _full("AmazonRDSFullAccess", "rds:*"),
    _full("AmazonRDSDataFullAccess", "rds-data:* secretsmanager:GetSecretValue"),
    _full("AWSStepFunctionsFullAccess", "states:*"),
    _full("AmazonAPIGatewayAdministrator", "apigateway:*"),
    _full("AmazonAPIGatewayInvokeFullAccess", "execute-api:*"),
    _full("AmazonSESFullAccess", "ses:*"),
    _full("AmazonRekognitionFullAccess", "rekognition:*"),
    _full("ComprehendFullAccess", "comprehend:* s3:ListAllMyBuckets s3:ListBucket s3:GetBucketLocation iam:GetRole"),
    Entry(
        "AmazonAPIGatewayPushToCloudWatchLogs",
        "Allows API Gateway to push logs to user's account.",
        [allow(f"{_WRITE_LOGS} logs:DescribeLogGroups logs:DescribeLogStreams logs:GetLogEvents logs:FilterLogEvents")],
        _ROLES,
    ),
]
