"""Hooks: Lambda functions of the account that are asked before anything is changed, and may refuse it.

Made by AWS::CloudFormation::LambdaHook. Targets RESOURCE, STACK and CHANGE_SET; FailureMode FAIL refuses, WARN only
tells. Guard hooks need AWS's Guard and are refused by their type not being here.
"""
