"""Queues of templates: what the template says and what SQS tells of a queue are the same."""

import json

from tests.support.server import wait_until


def test_a_standard_queue_that_says_it_is_not_fifo_has_not_drifted(aws, name):
    cloudformation = aws("cloudformation")
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": False}}
    stack = name
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps({"Resources": {"Queue": queue}}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 0.1})
    started = cloudformation.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]

    def ended():
        found = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=started)
        return found if found["DetectionStatus"] == "DETECTION_COMPLETE" else None

    assert wait_until(ended)["StackDriftStatus"] == "IN_SYNC"
    cloudformation.delete_stack(StackName=stack)
