"""The commands, each as a function of the compiler, the relation so far and the command's tree."""

from __future__ import annotations

from typing import Any

from trunkline.services.logs.insights import tree
from trunkline.services.logs.insights.commands import enriching, grouping, parsing, patterns, selecting, windows

COMMANDS: dict[type, Any] = {
    tree.Fields: selecting.fields,
    tree.Display: selecting.display,
    tree.Filter: selecting.filter_events,
    tree.Sort: selecting.sort,
    tree.Limit: selecting.limit,
    tree.Dedup: selecting.dedup,
    tree.Unmask: selecting.unmask,
    tree.Stats: grouping.stats,
    tree.CountFrequent: grouping.count_frequent,
    tree.FillMissing: grouping.fill_missing,
    tree.Parse: parsing.parse,
    tree.Unnest: parsing.unnest,
    tree.Pattern: patterns.pattern,
    tree.Diff: patterns.diff,
    tree.Anomaly: patterns.anomaly,
    tree.Join: enriching.join,
    tree.Lookup: enriching.lookup,
    tree.AppendColumns: enriching.append_columns,
    tree.AddTotals: windows.add_totals,
    tree.Autoregress: windows.autoregress,
    tree.FillDown: windows.fill_down,
    tree.Outlier: windows.outlier,
    tree.Accumulate: windows.accumulate,
    tree.Sessionize: windows.sessionize,
}
