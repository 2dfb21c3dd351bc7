"""X-Ray's filter expressions: `parse` reads one, `matches` asks a trace.

https://docs.aws.amazon.com/xray/latest/devguide/xray-console-filters.html
"""

from trunkline.services.xray.filters.evaluation import matches
from trunkline.services.xray.filters.parser import parse
from trunkline.services.xray.filters.syntax import BadFilter, Expression

__all__ = ["BadFilter", "Expression", "matches", "parse"]
