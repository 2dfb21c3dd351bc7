"""SEARCH. The examples are AWS's own, from
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
"""

import pytest

from trunkline.services.cloudwatch.expressions import ExpressionError
from trunkline.services.cloudwatch.expressions.search import Named, parse

COUNT = Named("MyNamespace", "CustomCount1", ())
CPU = Named("AWS/EC2", "CPUUtilization", (("InstanceId", "i-1234567890123456"),))
PACKETS = Named("AWS/EC2", "NetworkPacketsIn", (("InstanceId", "i-9"),))
MICRO = Named("AWS/EC2", "CPUUtilization", (("InstanceType", "t2.micro"),))
ERRORS = Named("AWS/Lambda", "Errors", (("FunctionName", "other"),))
CALLS = Named("AWS/Lambda", "Invocations", (("FunctionName", "ProjectA-orders"),))
CALLS_C = Named("AWS/Lambda", "Invocations", (("FunctionName", "ProjectC-orders"),))
DASHES = Named("Net", "Network-Errors-2", ())
CAMEL = Named("Net", "NetworkErrors2", ())
EVERY = (COUNT, CPU, PACKETS, MICRO, ERRORS, CALLS, CALLS_C, DASHES, CAMEL)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("count", [COUNT]),
        ("Count", [COUNT]),
        ("COUNT", [COUNT]),
        ("couNT", []),
        ("CustomCount", [COUNT]),
        ("Count1", [COUNT]),
        ("customcount", []),
        ("count1", []),
        (' {MyNamespace}, "CustomCount1" ', [COUNT]),
        (' {MyNamespace}, "customcount1" ', []),
        (' {MyNamespace}, "Custom" ', []),
        ('{AWS/EC2,InstanceId} MetricName="CPUUtilization"', [CPU]),
        ("{AWS/EC2,InstanceId} network AND packets", [PACKETS]),
        (" {AWS/EC2,InstanceId} network packets ", [PACKETS]),
        (' {AWS/EC2,InstanceId} MetricName="CPUUtilization" NOT i-1234567890123456 ', []),
        ("NOT Namespace=AWS ", [COUNT, DASHES, CAMEL]),
        (" InstanceType=micro ", [MICRO]),
        (' InstanceType="t2.micro" Namespace="AWS/EC2" ', [MICRO]),
        (
            ' {AWS/Lambda,FunctionName} MetricName="Errors" OR (MetricName="Invocations" AND (ProjectA OR ProjectB)) ',
            [ERRORS, CALLS],
        ),
        ("network/errors", [DASHES, CAMEL]),
        ("network+errors", [DASHES, CAMEL]),
        ("Network_Errors", [DASHES, CAMEL]),
        ('"Network-Errors-2"', [DASHES]),
        ('"Network_Errors_2"', []),
    ],
)
def test_the_documented_searches_find_what_they_should(text, found):
    test = parse(text)
    assert [metric for metric in EVERY if test(metric)] == found


@pytest.mark.parametrize("text", ["", "{}", "a OR", "(a", "a)", "NOT", "a =", ':aws.AccountId="1"', "(" * 99 + "a"])
def test_what_is_no_search(text):
    with pytest.raises(ExpressionError):
        parse(text)
