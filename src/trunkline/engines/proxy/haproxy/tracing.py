"""The trace header in HAProxy's words: who is traced, what the member is told, and what the log line tells of it.

A request costs a look at its header and one draw; only one that is traced is described, in a variable that the log
line ends with. A process variable of each sampling with a reservoir holds when it last took a request. (Threads may
meet there and take one more; no lock is worth that.)
"""

from __future__ import annotations

from urllib.parse import unquote

from trunkline.engines.proxy.haproxy.conditions import expression
from trunkline.engines.proxy.interface import Listener, Trace

LOG_FIELD = "%[var(txn.traced)]"
_MILLION = 1_000_000
_HEADER = "req.hdr(x-amzn-trace-id)"
_NEW = "1-%[date,bytes(4,4),hex,lower]-%[uuid(),regsub(-,,g),bytes(0,24)]"
_DESCRIBED = (
    "var(txn.segment)", "var(txn.now)", "method,url_enc", "req.hdr(host),bytes(0,100),url_enc",
    "path,bytes(0,200),url_enc", "src", f"{_HEADER},bytes(0,300),url_enc",
    "req.fhdr(user-agent),bytes(0,100),url_enc",
)  # fmt: skip


def lines(listener: Listener, ours: str) -> list[str]:
    """Rules for requests that meet `ours`, before any that answers by itself."""
    is_there = "{ req.hdr_cnt(x-amzn-trace-id) gt 0 }"
    header = "http-request set-header X-Amzn-Trace-Id"
    out = [
        f'  {header} "Self={_NEW};%[{_HEADER},regsub(Self=[^;]*;?,,i)]" if {ours} {is_there}',
        f'  {header} "Root={_NEW}" if {ours} !{is_there}',
        f"  http-request set-var(txn.now) date(0,us) if {ours}",
        f"  http-request set-var(txn.sampled) str(yes) if {ours} {{ {_HEADER} -m sub -i Sampled=1 }}",
        f"  http-request set-var(txn.sampled) str(no) if {ours} {{ {_HEADER} -m sub -i Sampled=0 }}",
    ]
    for position, sampling in enumerate(listener.sampling):
        mine = f"{{ var(txn.sampling) -m str {position} }} !{{ var(txn.sampled) -m found }}"
        out.append(
            f"  http-request set-var(txn.sampling) str({position}) if {ours} !{{ var(txn.sampling) -m found }}"
            f" {expression(sampling.conditions)}"
        )
        if sampling.reservoir:
            last = f"proc.traced_{listener.id}_{position}"
            pause = f"{{ var(txn.now),sub({last}) ge {_MILLION // sampling.reservoir} }}"
            out.append(f"  http-request set-var({last}) var(txn.now) if {mine} {pause}")
            out.append(f"  http-request set-var(txn.sampled) str(yes) if {mine} {{ var({last}),sub(txn.now) eq 0 }}")
        share = round(sampling.rate * _MILLION)
        if share:
            out.append(f"  http-request set-var(txn.sampled) str(yes) if {mine} {{ rand({_MILLION}) lt {share} }}")
    yes = "{ var(txn.sampled) -m str yes }"
    described = "|".join(f"%[{fetch}]" for fetch in _DESCRIBED)
    cleared = f"{_HEADER},regsub(;?Parent=[^;]*,,i),regsub(;?Sampled=[^;]*,,i)"
    return [
        *out,
        f"  http-request set-var(txn.segment) uuid(),regsub(-,,g),bytes(16,16) if {yes}",
        f'  http-request set-var-fmt(txn.traced) "{described}" if {yes}',
        f'  {header} "%[{cleared}];Parent=%[var(txn.segment)];Sampled=1" if {yes}',
    ]


def variables(listener: Listener) -> list[str]:
    """What has to be there from the start: when each sampling last took a request."""
    return [
        f"  set-var proc.traced_{listener.id}_{position} int(0)"
        for position, sampling in enumerate(listener.sampling)
        if sampling.reservoir
    ]


def read(word: bytes) -> Trace | None:
    """What a log line's LOG_FIELD says; None for "-"."""
    parts = word.decode("latin-1").split("|")
    if len(parts) != len(_DESCRIBED):
        return None
    span, started, method, host, path, client, header, agent = parts
    return Trace(
        header=unquote(header), span=span, started=int(started) / 1e6, method=unquote(method), host=unquote(host),
        path=unquote(path), client=client, user_agent=unquote(agent),
    )  # fmt: skip
