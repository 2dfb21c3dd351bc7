"""AWS managed policies: those that roles of the delivery chain use, under AWS's names and ARNs.

The documents are AWS's, cut down to the services that Trunkline has: an allowance for a service nobody can call here
would only be noise.
"""

import base64
import hashlib
import json
from datetime import UTC, datetime

from trunkline.services.iam.managed.delivery import DELIVERY
from trunkline.services.iam.managed.elsewhere import ELSEWHERE
from trunkline.services.iam.managed.functions import FUNCTIONS
from trunkline.services.iam.managed.general import GENERAL
from trunkline.services.iam.managed.statements import Entry
from trunkline.services.iam.model import ManagedPolicy, PolicyVersion

_CREATED = datetime(2015, 2, 6, 18, 39, 46, tzinfo=UTC)


def _policy(entry: Entry) -> ManagedPolicy:
    arn = f"arn:aws:iam::aws:policy{entry.path}{entry.name}"
    document = json.dumps({"Version": "2012-10-17", "Statement": entry.statements}, indent=4)
    # A stable id made of the name: AWS's own are stable too.
    unique = "ANPA" + base64.b32encode(hashlib.sha256(entry.name.encode()).digest()).decode()[:17]
    version = PolicyVersion("v1", document, _CREATED)
    return ManagedPolicy("aws", arn, entry.name, entry.path, unique, entry.description, _CREATED, _CREATED, [version])


# Where two files name one policy, the more exact one stands behind and wins.
AWS_POLICIES = {policy.arn: policy for policy in map(_policy, (*ELSEWHERE, *GENERAL, *DELIVERY, *FUNCTIONS))}
