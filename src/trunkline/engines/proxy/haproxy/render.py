"""The HAProxy configuration for a desired state.

It has two parts. The *structure* (listeners, rules, health checks) is what only a reload can change; its digest
travels in the configuration as a process variable, so that the running worker itself can say which structure it
serves. Weights and members change at run time and are written into the file only so that a reload starts from the
present ones.

A forward is one process variable holding `threshold|backend|threshold|backend…` with thresholds out of a million: a
request draws a number and takes the first backend whose threshold is above it. One `set var` thus replaces weights
*and* target groups of a rule in one atomic step.

A worker that is being replaced by a reload passes the last request of each of its kept-alive connections on to its
successor (backend `relay`, PROXY protocol from an address of its own): no request is ever served by yesterday's
rules, weights or members.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from trunkline.engines.proxy.haproxy import tracing
from trunkline.engines.proxy.haproxy.conditions import expression, location, quote
from trunkline.engines.proxy.interface import (
    MAX_FORWARD_GROUPS,
    Action,
    ConfigurationRefused,
    Desired,
    FixedResponse,
    Forward,
    HealthCheck,
    Listener,
    Member,
    Redirect,
    TargetGroup,
)

RELAY_SOURCE = "127.255.255.254"
MILLION = 1_000_000
_OURS = "!{ var(txn.rule) -m str relay }"
LOG_FIELDS = "%[date(0,us)] %[var(txn.rule)] %f %b %s %ST %Tr " + tracing.LOG_FIELD


@dataclass(frozen=True, slots=True)
class Rendered:
    digest: str
    lines: tuple[str, ...]
    forwards: Mapping[str, str]
    """Process variable → its value now."""
    bodies: Mapping[str, str]
    """File name → content of fixed responses."""
    server_options: Mapping[str, str]
    """Target group id → the options of its servers."""

    def text(self, members: Mapping[str, list[Member]]) -> str:
        """The file, with these members as servers from the start."""
        out = []
        for line in self.lines:
            if line.startswith("@members "):
                group = line.removeprefix("@members ")
                for member in members.get(group, []):
                    out.append(f"  server {member.name} {member.name} {self.server_options[group]}")
            elif line == "@forwards":
                out += [f"  set-var {name} str({quote(value)})" for name, value in self.forwards.items()]
            else:
                out.append(line.replace("@digest", self.digest))
        return "\n".join(out) + "\n"


def backend(target_group: str) -> str:
    return f"t-{target_group}"


def vector(forward: Forward) -> str:
    """Thresholds and backends; groups with weight 0 do not appear."""
    groups = [weighted for weighted in forward.groups if weighted.weight > 0]
    total = sum(weighted.weight for weighted in groups)
    parts, sum_so_far = [], 0
    for weighted in groups:
        sum_so_far += weighted.weight
        parts.append(f"{sum_so_far * MILLION // total}|{backend(weighted.target_group)}")
    return "|".join(parts) or "0|none"


def variable(listener: str, rule: str) -> str:
    return f"proc.fw_{listener}_{rule}"


def render(desired: Desired, *, log_port: int, max_connections: int, threads: int) -> Rendered:
    forwards: dict[str, str] = {}
    bodies: dict[str, str] = {}
    options: dict[str, str] = {}
    sampled = [line for listener in desired.listeners for line in tracing.variables(listener)]
    lines = _head(log_port, max_connections, threads, sampled)
    for listener in sorted(desired.listeners, key=lambda each: each.id):
        lines += _tcp_frontend(listener, forwards) if listener.tcp else _frontend(listener, forwards, bodies)
    for group in sorted(desired.target_groups, key=lambda each: each.id):
        lines += _backend(group)
        options[group.id] = server_options(group.health_check)
    # Without the sources: members that join get theirs at run time, and a reload for them would be for nothing.
    digest = hashlib.sha256("\n".join([*lines, *forwards, *options.values()]).encode()).hexdigest()[:24]
    for group in desired.target_groups:
        if group.source:
            options[group.id] += f" source {group.source}"
    return Rendered(digest, tuple(lines), forwards, bodies, options)


def server_options(check: HealthCheck) -> str:
    port = f" port {check.port}" if check.port else ""
    return (
        f"check inter {check.interval_s}s rise {check.healthy_threshold} fall {check.unhealthy_threshold}{port}"
        " pool-purge-delay 1s"
    )


def _head(log_port: int, max_connections: int, threads: int, variables: list[str]) -> list[str]:
    return [
        "# Written by Trunkline; changes are lost.",
        "global",
        f"  maxconn {max_connections}",
        f"  nbthread {threads}",
        "  noreuseport",  # or a second proxy could silently share an address
        "  hard-stop-after 10m",
        "  server-state-file servers.state",
        "  set-var proc.structure str(@digest)",
        *sorted(variables),
        "@forwards",
        "defaults",
        "  mode http",
        f"  log 127.0.0.1:{log_port} len 4096 format raw local0 info",
        f'  log-format "{LOG_FIELDS}"',
        "  load-server-state-from-file global",
        "  timeout connect 1s",
        "  timeout client 60s",
        "  timeout server 60s",
        "  timeout http-request 60s",
        "  timeout queue 10s",
        "  timeout tunnel 1h",
        "  retries 3",
        "  option redispatch 1",
        "  retry-on conn-failure",
        "backend none",
        "  http-request return status 503 content-type text/html"
        " string '<html><head><title>503 Service Temporarily Unavailable</title></head></html>'",
        "backend none-tcp",
        "  mode tcp",
        "  retry-on none",
    ]


def _tcp_frontend(listener: Listener, forwards: dict[str, str]) -> list[str]:
    """Connections are handed on by the weights, as requests are; nothing is read of them, and nothing recorded."""
    assert isinstance(listener.default, Forward)
    name = variable(listener.id, "default")
    forwards[name] = vector(listener.default)
    out = [
        f"frontend l-{listener.id}",
        "  mode tcp",
        "  option tcplog",
        "  no log",
        f"  bind {listener.address}:{listener.port}",
        f"  timeout client {listener.idle_timeout_s}s",
        f"  tcp-request content set-var(txn.fw) var({name})",
        f"  tcp-request content set-var(txn.draw) rand({MILLION})",
    ]
    for slot in range(1, 2 * MAX_FORWARD_GROUPS, 2):
        above = f"{{ var(txn.fw),field({slot},|),sub(txn.draw) gt 0 }}"
        out.append(f"  use_backend %[var(txn.fw),field({slot + 1},|)] if {above}")
    return [*out, "  default_backend none-tcp"]


def _frontend(listener: Listener, forwards: dict[str, str], bodies: dict[str, str]) -> list[str]:
    name = f"l-{listener.id}"
    fresh = "!{ var(txn.rule) -m found }"
    actions: dict[str, Action] = {rule.id: rule.action for rule in listener.rules} | {"default": listener.default}
    out = [
        f"backend r-{listener.id}",
        f"  server next {listener.address}:{listener.port} source {RELAY_SOURCE} send-proxy-v2",
        f"frontend {name}",
        f"  bind {listener.address}:{listener.port}",
        # Without it a reload would close idle connections under a client that is about to use them.
        "  option idle-close-on-response",
        f"  timeout client {listener.idle_timeout_s}s",
        f"  timeout http-keep-alive {listener.idle_timeout_s}s",
        f"  tcp-request connection expect-proxy layer4 if {{ src {RELAY_SOURCE} }}",
        "  http-request set-var(txn.rule) str(relay) if { stopping }",
    ]
    for rule in listener.rules:
        mark = f"{_kind(rule.action)}.{rule.id}"
        out.append(f"  http-request set-var(txn.rule) str({mark}) if {fresh} {expression(rule.conditions)}")
    out.append(f"  http-request set-var(txn.rule) str({_kind(listener.default)}.default) if {fresh}")
    out += tracing.lines(listener, _OURS)
    if any(isinstance(action, Redirect) for action in actions.values()):
        # In two steps: no converter makes "?query" out of a query that may be missing.
        out.append("  http-request set-var(txn.query) query")
        out.append("  http-request set-var(txn.query) str(?),concat(,txn.query,) if { query -m len gt 0 }")
    sticky: list[str] = []
    for rule_id, action in actions.items():
        chosen = f"{{ var(txn.rule) -m str {_kind(action)}.{rule_id} }}"
        if isinstance(action, Forward):
            forwards[variable(listener.id, rule_id)] = vector(action)
            out.append(f"  http-request set-var(txn.fw) var({variable(listener.id, rule_id)}) if {chosen}")
            if action.sticky_s is not None:
                out.append(f"  http-request set-var(txn.group) req.cook(AWSALBTG),b64dec if {chosen}")
                out.append(f"  http-request set-var(txn.sticky) int({action.sticky_s}) if {chosen}")
                sticky.append(rule_id)
        elif isinstance(action, Redirect):
            target = location(action, listener.port)
            out.append(f'  http-request redirect location "{_escape(target)}" code {action.status} if {chosen}')
        else:
            out.append(f"  http-request return {_fixed(action, bodies)} if {chosen}")
    out += _headers(listener)
    if sticky:
        expires = "%[date(),add(txn.sticky),http_date]"
        out.append(
            f'  http-response add-header Set-Cookie "AWSALBTG=%[be_name,base64]; Expires={expires}; Path=/"'
            " if { var(txn.sticky) -m found }"
        )
    out.append("  http-request set-var(txn.draw) rand(1000000)")
    out.append(f"  use_backend r-{listener.id} if {{ var(txn.rule) -m str relay }}")
    slots = range(1, 2 * MAX_FORWARD_GROUPS, 2)
    if sticky:
        for slot in slots:
            held = f"{{ var(txn.fw),field({slot + 1},|),strcmp(txn.group) eq 0 }}"
            out.append(f"  use_backend %[var(txn.group)] if {{ var(txn.group) -m found }} {held}")
    for slot in slots:
        above = f"{{ var(txn.fw),field({slot},|),sub(txn.draw) gt 0 }}"
        out.append(f"  use_backend %[var(txn.fw),field({slot + 1},|)] if {above}")
    out.append("  default_backend none")
    return out


def _kind(action: Action) -> str:
    return {Forward: "forward", Redirect: "redirect", FixedResponse: "fixed"}[type(action)]


def _headers(listener: Listener) -> list[str]:
    """What an application behind an Application Load Balancer finds in its requests."""
    ours, has_forwarded = _OURS, "{ req.fhdr_cnt(x-forwarded-for) gt 0 }"
    return [
        f'  http-request set-header X-Forwarded-For "%[req.fhdr(x-forwarded-for)], %[src]" if {ours} {has_forwarded}',
        f"  http-request set-header X-Forwarded-For %[src] if {ours} !{has_forwarded}",
        f"  http-request set-header X-Forwarded-Proto http if {ours}",
        f"  http-request set-header X-Forwarded-Port {listener.public_port or listener.port} if {ours}",
    ]


def _fixed(action: FixedResponse, bodies: dict[str, str]) -> str:
    if not action.body:
        return f"status {action.status}"
    file_name = f"body-{hashlib.sha256(action.body.encode()).hexdigest()[:16]}"
    bodies[file_name] = action.body
    return f"status {action.status} content-type {quote(action.content_type)} file {file_name}"


def _escape(text: str) -> str:
    """For a word between double quotes."""
    if not text.isprintable():
        raise ConfigurationRefused("a redirect contains a control character")
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")


def _backend(group: TargetGroup) -> list[str]:
    check = group.health_check
    balance = "leastconn" if group.algorithm == "least_outstanding_requests" else "roundrobin"
    out = [
        f"backend {backend(group.id)}",
        f"  balance {balance}",
        f"  timeout server {group.idle_timeout_s}s",
        f"  timeout check {check.timeout_s}s",
    ]
    if group.tcp:
        out += ["  mode tcp", "  no log", "  retry-on none"]
    if not check.tcp:
        out += [
            "  option httpchk",
            f"  http-check send meth GET uri {quote(check.path)} ver HTTP/1.1 hdr Host trunkline-target"
            " hdr User-Agent ELB-HealthChecker/2.0",
            f"  http-check expect status {check.matcher.replace(' ', '')}",
        ]
    if group.cookie_s is not None:
        out.append("  use-server %[req.cook(AWSALB),b64dec] if { req.cook(AWSALB) -m found }")
        expires = f"%[date({group.cookie_s}),http_date]"
        out.append(f'  http-response add-header Set-Cookie "AWSALB=%[srv_name,base64]; Expires={expires}; Path=/"')
    out.append(f"@members {group.id}")
    return out
