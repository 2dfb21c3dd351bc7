"""A service's model: its operations, their shapes and errors, as botocore's data files describe them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trunkline.aws.models import sqs_query, stripped
from trunkline.aws.models.catalog import CATALOG
from trunkline.aws.models.shapes import Member, Shape

_READS = (
    "Assume",
    "BatchCheck",
    "BatchDescribe",
    "BatchGet",
    "Check",
    "Decode",
    "Describe",
    "Discover",
    "Estimate",
    "Filter",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Preview",
    "Query",
    "Receive",
    "Search",
    "Select",
    "Simulate",
    "Test",
    "Validate",
)
_KMS_USES = (
    "Decrypt",
    "DeriveSharedSecret",
    "Encrypt",
    "Generate",
    "ReEncrypt",
    "Sign",
    "Verify",
)


@dataclass(frozen=True, slots=True)
class ErrorShape:
    """A declared error: `name` is the shape's, `code` what goes on the wire in query and XML protocols."""

    name: str
    code: str
    status: int
    sender: bool
    shape: Shape


@dataclass(frozen=True, slots=True)
class Pagination:
    """How an operation pages: the token members of request and answer, the page size member, the listed members."""

    input_tokens: tuple[str, ...]
    output_tokens: tuple[str, ...]
    limit: str | None
    results: tuple[str, ...]


class Operation:
    """One operation of a service."""

    def __init__(self, service: "ServiceModel", traits: Mapping[str, Any]) -> None:
        self.service = service
        self.name: str = traits["name"]
        self.traits = traits
        http = traits.get("http", {})
        self.method: str = http.get("method", "POST")
        self.uri: str = http.get("requestUri", "/")
        self.status: int = http.get("responseCode", 200)

    def __repr__(self) -> str:
        return f"<operation {self.service.name}.{self.name}>"

    @cached_property
    def input(self) -> Shape | None:
        reference = self.traits.get("input")
        return self.service.shape(reference["shape"]) if reference else None

    @cached_property
    def output(self) -> Shape | None:
        reference = self.traits.get("output")
        return self.service.shape(reference["shape"]) if reference else None

    @property
    def result_wrapper(self) -> str | None:
        wrapper: str | None = self.traits.get("output", {}).get("resultWrapper")
        return wrapper

    @cached_property
    def errors(self) -> dict[str, ErrorShape]:
        """The errors this operation declares, by shape name."""
        return {entry["shape"]: self.service.errors[entry["shape"]] for entry in self.traits.get("errors", ())}

    @cached_property
    def streaming_input(self) -> str | None:
        """The member that is the request's body as it comes, such as PutObject's Body."""
        return _streaming(self.input)

    @cached_property
    def streaming_output(self) -> str | None:
        return _streaming(self.output)

    @cached_property
    def event_stream(self) -> Member | None:
        """The answer's member that is a stream of events."""
        members = self.output.members.values() if self.output else ()
        return next((member for member in members if member.shape.is_event_stream), None)

    @cached_property
    def idempotency_tokens(self) -> tuple[str, ...]:
        """Top-level request members that get a random value when the caller gives none, as SDKs do."""
        members = self.input.members.values() if self.input else ()
        return tuple(member.name for member in members if member.idempotency_token)

    @cached_property
    def pagination(self) -> Pagination | None:
        found = self.service.paginators.get(self.name)
        if found is None:
            return None
        return Pagination(
            _names(found.get("input_token")),
            _names(found.get("output_token")),
            found.get("limit_key"),
            _names(found.get("result_key")),
        )

    @cached_property
    def sensitive(self) -> frozenset[str]:
        """Names of request members, at any depth, that no record may show."""
        found: set[str] = set()
        if self.input:
            _sensitive(self.input, found, set())
        return frozenset(found)

    @property
    def deprecated(self) -> bool:
        return bool(self.traits.get("deprecated"))

    @property
    def unsigned(self) -> bool:
        """AWS accepts it without a signature (AssumeRoleWithWebIdentity)."""
        return self.traits.get("authtype") == "none"

    @cached_property
    def mutates(self) -> bool:
        """Told from the name; an operation's implementation may say otherwise."""
        reads = (*_READS, *_KMS_USES) if self.service.name == "kms" else _READS
        return not (self.traits.get("readonly") or self.name.startswith(reads))

    def validate(self, doc: dict[str, Any]) -> dict[str, Any]:
        """Check a request made of Python values against the model, as a request from the wire is checked."""
        from trunkline.aws.models.validation import validate

        return validate(self, doc)


class ServiceModel:
    """Everything the model says about one service; parts are resolved when first used."""

    def __init__(self, name: str) -> None:
        entry = CATALOG[name]
        raw = stripped.read(name)
        if name == "sqs":
            sqs_query.named(raw["service"])
        self.name = name
        self.signing_name = entry.signing_name
        self.protocols = entry.protocols
        self.api_version = entry.api_version
        self.target_prefix = entry.target_prefix
        self.iam_prefix = entry.iam_prefix or entry.signing_name
        self.metadata: dict[str, Any] = raw["service"]["metadata"]
        self.paginators: dict[str, Any] = raw["paginators"]
        self._operations: dict[str, Any] = raw["service"]["operations"]
        self._shapes: dict[str, Any] = raw["service"]["shapes"]
        self._resolved: dict[str, Shape] = {}

    def __repr__(self) -> str:
        return f"<service {self.name}>"

    @property
    def endpoint_prefix(self) -> str:
        """The service's part of host names, which is also CloudTrail's eventSource."""
        return str(self.metadata["endpointPrefix"]).removeprefix("api.")

    @property
    def xml_namespace(self) -> str:
        found = self.metadata.get("xmlNamespace") or ""
        return found if isinstance(found, str) else str(found["uri"])

    @property
    def json_version(self) -> str:
        return str(self.metadata.get("jsonVersion", "1.1"))

    @property
    def query_compatible(self) -> bool:
        """The service once spoke query: errors keep their old code in a header."""
        return "awsQueryCompatible" in self.metadata

    def shape(self, name: str) -> Shape:
        found = self._resolved.get(name)
        if found is None:
            found = self._resolved[name] = Shape(self, name, self._shapes[name])
        return found

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        return _Operations(self, self._operations)

    @cached_property
    def errors(self) -> dict[str, ErrorShape]:
        """All declared errors by shape name."""
        return {name: self._error(name) for name, traits in self._shapes.items() if traits.get("exception")}

    @cached_property
    def errors_by_code(self) -> dict[str, ErrorShape]:
        return {error.code: error for error in self.errors.values()}

    def _error(self, name: str) -> ErrorShape:
        traits = self._shapes[name]
        error = traits.get("error", {})
        fault = bool(traits.get("fault") or error.get("fault"))
        status = int(error.get("httpStatusCode", 500 if fault else 400))
        return ErrorShape(name, error.get("code", name), status, status < 500, self.shape(name))


class _Operations(Mapping[str, Operation]):
    """Operations by AWS's name, made when first asked for."""

    def __init__(self, service: ServiceModel, raw: Mapping[str, Any]) -> None:
        self._service = service
        self._raw = raw
        self._made: dict[str, Operation] = {}

    def __getitem__(self, name: str) -> Operation:
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = Operation(self._service, self._raw[name])
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


def _streaming(shape: Shape | None) -> str | None:
    if shape is None or shape.payload is None:
        return None
    return shape.payload if shape.members[shape.payload].streaming else None


def _names(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _sensitive(shape: Shape, found: set[str], seen: set[Shape]) -> None:
    if shape in seen:
        return
    seen.add(shape)
    for member in shape.members.values():
        inner = member.shape
        while inner.type in ("list", "map") and not inner.sensitive:
            inner = inner.member.shape if inner.type == "list" else inner.value.shape
        if inner.sensitive or member.traits.get("sensitive"):
            found.add(member.name)
        elif inner.type == "structure":
            _sensitive(inner, found, seen)
