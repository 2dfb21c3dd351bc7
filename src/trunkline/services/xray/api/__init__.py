"""The operations of X-Ray, in files by what they are about."""

from __future__ import annotations

from trunkline.services.xray.api.graphs import Graphs
from trunkline.services.xray.api.groups import Groups
from trunkline.services.xray.api.sampling_rules import SamplingRules
from trunkline.services.xray.api.summaries import Summaries
from trunkline.services.xray.api.tags import Tags
from trunkline.services.xray.api.traces import Traces


class Api(Graphs, Groups, SamplingRules, Summaries, Tags, Traces):
    """All of them."""
