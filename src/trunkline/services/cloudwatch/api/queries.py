"""What the queries of GetMetricData and the Metrics of an alarm have in common: their form."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trunkline.aws.errors import Refused
from trunkline.aws.service import Call, Doc
from trunkline.services.cloudwatch.api.context import invalid

_ID = re.compile(r"[a-z][A-Za-z0-9_]*")


def check_queries(call: Call, queries: Sequence[Doc], member: str) -> None:
    ids = [query["Id"] for query in queries]
    if len(set(ids)) != len(ids):
        raise invalid(f"The values for parameter Id in {member} must be unique.")
    for number, query in enumerate(queries, start=1):
        if not _ID.fullmatch(query["Id"]):
            raise invalid(
                f"The value {query['Id']} for parameter {member}.member.{number}.Id is not matching the expected"
                " pattern ^[a-z][a-zA-Z0-9_]*$."
            )
        if "Expression" not in query and "MetricStat" not in query:
            raise invalid(f"The parameter {member}.member.{number}.MetricStat is required.\n")
        if "Expression" in query and "MetricStat" in query:
            raise invalid(
                f"The parameters {member}.member.{number}.Expression and {member}.member.{number}.MetricStat are"
                " mutually exclusive and you have specified both."
            )
        if query.get("AccountId", call.account) != call.account:
            raise Refused("Trunkline does not support cross-account observability: leave AccountId out.")
