"""Shapes: the types that AWS's models are made of, resolved when first looked at (ec2 has four thousand)."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trunkline.aws.models.service import ServiceModel

# Lists of names that the service itself looks at: ReceiveMessage's AttributeNames takes names that this enum lacks, and
# an unknown one is answered with InvalidAttributeName.
_OPEN_ENUMS = {("sqs", "QueueAttributeName"), ("sqs", "MessageSystemAttributeName")}


class Shape:
    """One named type of a service. `type` is structure, list, map, string, integer, long, float, double, boolean,
    timestamp or blob; `traits` is the model's own description."""

    def __init__(self, model: "ServiceModel", name: str, traits: Mapping[str, Any]) -> None:
        self.model = model
        self.name = name
        self.type: str = traits["type"]
        self.traits = traits

    def __repr__(self) -> str:
        return f"<{self.type} {self.model.name}.{self.name}>"

    @cached_property
    def members(self) -> dict[str, "Member"]:
        """A structure's members by name, in the model's order."""
        required = self.required
        return {
            name: self._member(name, reference, required=name in required)
            for name, reference in self.traits.get("members", {}).items()
        }

    @cached_property
    def required(self) -> frozenset[str]:
        return frozenset(self.traits.get("required", ()))

    @cached_property
    def member(self) -> "Member":
        """What a list holds."""
        return self._member("", self.traits["member"])

    @cached_property
    def key(self) -> "Member":
        return self._member("", self.traits["key"])

    @cached_property
    def value(self) -> "Member":
        return self._member("", self.traits["value"])

    @property
    def payload(self) -> str | None:
        """The member that is the whole body, in the REST protocols."""
        return self.traits.get("payload")

    @property
    def enum(self) -> tuple[str, ...]:
        if (self.model.name, self.name) in _OPEN_ENUMS:
            return ()
        return tuple(self.traits.get("enum", ()))

    @property
    def is_document(self) -> bool:
        return bool(self.traits.get("document"))

    @property
    def is_event_stream(self) -> bool:
        return bool(self.traits.get("eventstream"))

    @property
    def sensitive(self) -> bool:
        return bool(self.traits.get("sensitive"))

    def _member(self, name: str, reference: Mapping[str, Any], *, required: bool = False) -> "Member":
        return Member(name, self.model.shape(reference["shape"]), reference, required=required)


class Member:
    """A place that a shape is used in: a structure's member, a list's element, a map's key or value."""

    __slots__ = ("name", "required", "shape", "traits")

    def __init__(self, name: str, shape: Shape, reference: Mapping[str, Any], *, required: bool = False) -> None:
        self.name = name
        self.shape = shape
        self.required = required
        self.traits: dict[str, Any] = {**shape.traits, **reference}

    def __repr__(self) -> str:
        return f"<member {self.name!r} {self.shape!r}>"

    @property
    def location_name(self) -> str | None:
        return self.traits.get("locationName")

    @property
    def wire_name(self) -> str:
        """The name in XML, headers, query strings and paths."""
        return self.traits.get("locationName") or self.name

    @property
    def location(self) -> str | None:
        """None in the body; else uri, querystring, header, headers (a prefix) or statusCode."""
        return self.traits.get("location")

    @property
    def flattened(self) -> bool:
        return bool(self.traits.get("flattened"))

    @property
    def streaming(self) -> bool:
        return bool(self.traits.get("streaming"))

    @property
    def idempotency_token(self) -> bool:
        return bool(self.traits.get("idempotencyToken"))

    @property
    def timestamp_format(self) -> str | None:
        return self.traits.get("timestampFormat")
