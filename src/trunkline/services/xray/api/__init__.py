"""The operations of X-Ray, in files by what they are about."""

from __future__ import annotations

from trunkline.services.xray.api.graphs import Graphs
from trunkline.services.xray.api.groups import Groups
from trunkline.services.xray.api.insights import Insights
from trunkline.services.xray.api.sampling_rules import SamplingRules
from trunkline.services.xray.api.sampling_targets import SamplingTargets
from trunkline.services.xray.api.settings import Settings
from trunkline.services.xray.api.summaries import Summaries
from trunkline.services.xray.api.tags import Tags
from trunkline.services.xray.api.traces import Traces
from trunkline.services.xray.api.transaction_search import TransactionSearch


class Api(
    Graphs,
    Groups,
    Insights,
    SamplingRules,
    SamplingTargets,
    Settings,
    Summaries,
    Tags,
    Traces,
    TransactionSearch,
):
    """All of them."""
