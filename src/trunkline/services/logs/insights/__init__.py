"""The query language of CloudWatch Logs Insights: text → tree → one SQL statement over log records. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html

`lexer`, `expressions` and `parser*` read; `tree` is what they make; `compiler`, `commands`, `functions` and
`aggregates` put it into SQL for DuckDB: a `relation` (a SELECT, and what the fields of its rows are) for each command,
one around the other, so that DuckDB optimizes the whole. What users wrote reaches the SQL as parameters only. `results`
formats.
"""

from trunkline.services.logs.insights.compiler import Compiled, compile_query
from trunkline.services.logs.insights.errors import MalformedQuery

__all__ = ["Compiled", "MalformedQuery", "compile_query"]
