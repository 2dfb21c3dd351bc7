"""What one span says, in a segment's words: its name, the request, the call of a service or a database, where it ran.

Semantic conventions are read in their stable form first and in the forms before it
(https://opentelemetry.io/docs/specs/semconv/). What is read here is not told a second time: the rest of the attributes
goes to the metadata, and to the annotations where `aws.xray.annotations` names them.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from trunkline.agents.otlp.attributes import Attributes, first, without_nothing
from trunkline.aws.service import Doc

_NOT_IN_NAMES = re.compile(r"[^ 0-9\w_.:/%&#=+\\\-@]")  # what X-Ray does not allow in names
_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9_]")
_LONGEST_NAME = 200
_SQL = frozenset(
    {"mysql", "mariadb", "postgresql", "mssql", "microsoft.sql_server", "oracle", "oracle.db", "db2", "sqlite", "h2",
     "hsqldb", "derby", "cockroachdb", "other_sql", "redshift", "aws.redshift"}
)  # fmt: skip
_ORIGINS = {
    "aws_app_runner": "AWS::AppRunner::Service",
    "aws_ec2": "AWS::EC2::Instance",
    "aws_eks": "AWS::EKS::Container",
    "aws_elastic_beanstalk": "AWS::ElasticBeanstalk::Environment",
    "aws_lambda": "AWS::Lambda::Function",
}
_READ_PREFIXES = ("http.", "url.", "server.", "client.", "net.", "network.", "user_agent.", "aws.", "rpc.")
_READ = frozenset(
    {"db.system", "db.system.name", "db.statement", "db.query.text", "db.user", "db.name", "db.namespace",
     "db.connection_string", "db.instance", "enduser.id", "user.id", "peer.service"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """kind: SERVER, CLIENT, PRODUCER, CONSUMER or INTERNAL."""

    kind: str
    name: str
    attributes: Attributes
    resource: Attributes


def described(span: Span, *, is_segment: bool, marks: dict[str, str]) -> Doc:
    """The members of a segment or subsegment beyond ids and times."""
    name, namespace = _names(span, is_segment)
    doc: Doc = {
        "name": fitting(name),
        "http": _http(span),
        "aws": _aws(span, is_segment),
        "sql": _sql(span.attributes),
        "namespace": namespace,
        "user": str(first(span.attributes, "user.id", "enduser.id") or ""),
    }
    annotations, metadata = _rest(span, is_segment)
    if is_segment:
        version = span.resource.get("service.version")
        doc |= {"origin": _origin(span.resource), "service": {"version": str(version)} if version else {}}
        annotations = {**marks, **annotations}
    return without_nothing({**doc, "annotations": annotations, "metadata": metadata})


def service_of(resource: Attributes) -> str:
    """The service's name; "" where its SDK was not told one."""
    name = str(resource.get("service.name") or "")
    return "" if name.startswith("unknown_service") else name


def fitting(name: str) -> str:
    """A name as X-Ray takes it."""
    return _NOT_IN_NAMES.sub("", name).strip()[:_LONGEST_NAME] or "span"


def _names(span: Span, is_segment: bool) -> tuple[str, str]:
    """A segment has its service's name, a call that of who is called; the namespace says what was called."""
    own, service = span.attributes, service_of(span.resource)
    if span.kind not in ("CLIENT", "PRODUCER"):
        # An unnamed service still tells one of its spans from another's.
        return (service or str(span.resource.get("service.name") or span.name) if is_segment else span.name), ""
    rpc = first(own, "rpc.system.name", "rpc.system")
    if rpc in ("aws-api", "aws.api") or own.get("aws.service"):
        called = str(first(own, "aws.service", "rpc.service") or str(own.get("rpc.method", "")).partition("/")[0])
        return called or span.name, "aws"
    host = first(own, "server.address", "net.peer.name", "http.host", "net.peer.ip", "network.peer.address")
    if first(own, "peer.service"):
        return str(own["peer.service"]), "remote"
    if first(own, "db.system.name", "db.system"):
        base = first(own, "db.namespace", "db.name", "db.instance")
        return (f"{base}@{host}" if base and host else str(base or host or own.get("db.system"))), "remote"
    called = first(own, "rpc.service") or host or _host_of(first(own, "url.full", "http.url"))
    called = called or first(own, "messaging.destination.name", "messaging.destination")
    return str(called or span.name), "remote"


def _host_of(url: Any) -> str:
    try:
        return urlsplit(str(url or "")).hostname or ""
    except ValueError:
        return ""


def _http(span: Span) -> Doc:
    own = span.attributes
    request = without_nothing(
        {
            "method": first(own, "http.request.method", "http.method"),
            "url": _url(own),
            "user_agent": first(own, "user_agent.original", "http.user_agent"),
            "client_ip": _client(span),
        }
    )
    response = without_nothing(
        {
            "status": _number(first(own, "http.response.status_code", "http.status_code")),
            "content_length": _number(
                first(own, "http.response.body.size", "http.response.header.content-length",
                      "http.response_content_length")
            ),
        }
    )  # fmt: skip
    if "method" not in request and not response and "url" not in request:
        return {}
    return without_nothing({"request": request, "response": response})


def _client(span: Span) -> Any:
    """Who came in; for a call, nobody did."""
    if span.kind != "SERVER":
        return None
    return first(span.attributes, "client.address", "http.client_ip", "network.peer.address", "net.sock.peer.addr",
                 "net.peer.ip")  # fmt: skip


def _url(own: Attributes) -> str | None:
    whole = first(own, "url.full", "http.url")
    if whole:
        return str(whole)
    path = str(first(own, "url.path", "http.target", "http.route") or "")
    query = own.get("url.query")
    host = first(own, "http.host", "server.address", "http.server_name", "net.host.name")
    if not path and not host:
        return None
    port = first(own, "server.port", "net.host.port")
    if host and port and ":" not in str(host) and str(port) not in ("80", "443"):
        host = f"{host}:{port}"
    scheme = first(own, "url.scheme", "http.scheme") or "http"
    return f"{scheme}://{host or ''}{path}" + (f"?{query}" if query else "")


def _number(given: Any) -> int | None:
    try:
        return int(given[0] if isinstance(given, list) else given)
    except (TypeError, ValueError, IndexError):
        return None


def _aws(span: Span, is_segment: bool) -> Doc:
    own, resource = span.attributes, span.resource
    tables = own.get("aws.dynamodb.table_names")
    queues = first(own, "aws.sqs.queue.url", "aws.queue_url", "aws.queue.url")
    method = str(first(own, "rpc.method") or "").rpartition("/")[2]
    is_call = first(own, "rpc.system.name", "rpc.system") in ("aws-api", "aws.api") or bool(own.get("aws.service"))
    doc: Doc = {
        "operation": own.get("aws.operation") or (method if is_call else None),
        "account_id": own.get("aws.account_id") or resource.get("cloud.account.id"),
        "region": first(own, "cloud.region", "aws.region") or resource.get("cloud.region") if is_call else None,
        "request_id": first(own, "aws.request_id", "aws.requestId", "aws.request.id"),
        "queue_url": queues,
        "table_name": own.get("aws.table_name") or (tables[0] if isinstance(tables, list) and tables else None),
        "bucket_name": own.get("aws.s3.bucket"),
    }
    if is_segment:
        doc |= _place(resource)
    return without_nothing(doc)


def _place(resource: Attributes) -> Doc:
    """Where the service runs."""
    sdk = "opentelemetry for " + str(resource["telemetry.sdk.language"]) if "telemetry.sdk.language" in resource else ""
    groups, group_arns = resource.get("aws.log.group.names"), resource.get("aws.log.group.arns")
    return {
        "xray": without_nothing(
            {
                "sdk": sdk,
                "sdk_version": resource.get("telemetry.sdk.version"),
                "auto_instrumentation": resource.get("telemetry.auto.version") is not None or None,
            }
        ),
        "ecs": without_nothing(
            {
                "container": resource.get("container.name"),
                "container_id": resource.get("container.id"),
                "container_arn": resource.get("aws.ecs.container.arn"),
                "cluster_arn": resource.get("aws.ecs.cluster.arn"),
                "task_arn": resource.get("aws.ecs.task.arn"),
                "task_family": resource.get("aws.ecs.task.family"),
                "launch_type": resource.get("aws.ecs.launchtype"),
            }
        )
        if str(resource.get("cloud.platform", "")) == "aws_ecs" or "aws.ecs.task.arn" in resource
        else {},
        "ec2": without_nothing(
            {
                "instance_id": resource.get("host.id"),
                "availability_zone": resource.get("cloud.availability_zone"),
                "instance_size": resource.get("host.type"),
                "ami_id": resource.get("host.image.id"),
            }
        )
        if resource.get("cloud.platform") == "aws_ec2"
        else {},
        "cloudwatch_logs": [{"arn": one} for one in group_arns or []] or [{"log_group": one} for one in groups or []],
    }


def _origin(resource: Attributes) -> str | None:
    platform = str(resource.get("cloud.platform", ""))
    if platform == "aws_ecs" or "aws.ecs.task.arn" in resource:
        launch = str(resource.get("aws.ecs.launchtype", "")).lower()
        return {"fargate": "AWS::ECS::Fargate", "ec2": "AWS::ECS::EC2"}.get(launch, "AWS::ECS::Container")
    return _ORIGINS.get(platform)


def _sql(own: Attributes) -> Doc:
    system = str(first(own, "db.system.name", "db.system") or "")
    if system not in _SQL:
        return {}
    host, port = first(own, "server.address", "net.peer.name"), first(own, "server.port", "net.peer.port")
    base = first(own, "db.namespace", "db.name")
    url = own.get("db.connection_string") or (f"{host}:{port}/{base or ''}" if host and port else host)
    return without_nothing(
        {
            "url": url,
            "database_type": system,
            "user": own.get("db.user"),
            "sanitized_query": first(own, "db.query.text", "db.statement"),
        }
    )


def _rest(span: Span, is_segment: bool) -> tuple[Doc, Doc]:
    """Annotations and metadata: whatever no other member tells."""
    named = span.attributes.get("aws.xray.annotations")
    chosen = set(named if isinstance(named, list) else [named] if named else [])
    annotations: Doc = {}
    metadata: dict[str, Doc] = {}
    for key, held in span.attributes.items():
        if key in chosen or key.startswith("annotation."):
            if isinstance(held, str | int | float | bool):
                annotations[_NOT_IN_KEYS.sub("_", key.removeprefix("annotation."))] = held
        elif key.startswith("metadata."):
            namespace, _, rest = key.removeprefix("metadata.").partition(".")
            metadata.setdefault(namespace if rest else "default", {})[rest or namespace] = held
        elif key not in _READ and not key.startswith(_READ_PREFIXES):
            metadata.setdefault("default", {})[key] = held
    if is_segment:
        for key, held in span.resource.items():
            metadata.setdefault("default", {})[f"otel.resource.{key}"] = held
    return annotations, metadata
