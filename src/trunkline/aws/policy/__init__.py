"""IAM's policy language: documents are parsed and checked once, then asked.

`parse(document, kind)` validates and compiles (a `PolicyError` says what is wrong in AWS's words), `compiled(document)`
remembers. A `Policy` answers ALLOW, DENY or None for an `Ask`; how the answers of several policies combine is in
`aws.identity`. Service control policies and session tags as trust conditions are not part of Trunkline.
"""

from trunkline.aws.policy.actions import iam_action
from trunkline.aws.policy.document import Policy, PolicyError, Statement, compiled, parse
from trunkline.aws.policy.evaluate import ALLOW, DENY, Ask, Effect, first_deny, verdict
from trunkline.aws.policy.passed_roles import passed_roles
from trunkline.aws.policy.request_keys import request_keys

__all__ = [
    "ALLOW",
    "DENY",
    "Ask",
    "Effect",
    "Policy",
    "PolicyError",
    "Statement",
    "compiled",
    "first_deny",
    "iam_action",
    "parse",
    "passed_roles",
    "request_keys",
    "verdict",
]
