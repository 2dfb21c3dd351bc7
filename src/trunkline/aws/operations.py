"""From a call to its outcome, the same for a request from outside and for one service calling another:
find the implementation, authorize, perform, record.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from botocore import xform_name

from trunkline.aws import models
from trunkline.aws.audit import Audit, Subject
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.identity import NO_ACCESS, Access, Authorizer
from trunkline.aws.models import Operation
from trunkline.aws.policy import iam_action, passed_roles, request_keys
from trunkline.aws.service import Call, Doc, OperationTraits, Service, resources_of
from trunkline.core.db import riding
from trunkline.core.log import get

log = get(__name__)


@dataclass(frozen=True, slots=True)
class Implementation:
    """A method that implements an operation, with what is known of it."""

    perform: Callable[[Call, Doc], Awaitable[Doc | None]]
    traits: OperationTraits
    model: Operation
    action: str
    mutates: bool
    subject: Subject
    access: Callable[[Call, Doc], Access] | None


Guard = Callable[[Call, Doc, bool], Awaitable[None]]
"""(call, request, whether it acts on contents only) → raises AwsError to refuse."""


class Operations:
    """Every implemented operation of every service."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._authorizer: Authorizer | None = None
        self._services: dict[str, Service] = {}
        self._found: dict[tuple[str, str], Implementation] = {}
        # Asked before a call that changes something: raises to refuse it. None costs nothing.
        self.guard: Guard | None = None

    def open(self, services: Iterable[Service], authorizer: Authorizer) -> None:
        """Make services callable; their methods are looked up at their first call."""
        self._services.update((service.name, service) for service in services)
        self._authorizer = authorizer

    @property
    def authorizer(self) -> Authorizer:
        """Who may do what; there is none before `open`."""
        if self._authorizer is None:
            raise RuntimeError("no operation can be called before all services are built")
        return self._authorizer

    def implemented(self) -> dict[str, list[str]]:
        """The names of the implemented operations of each service."""
        return {
            service.name: [
                name
                for name in models.load(service.name).operations
                if hasattr(getattr(service.api, xform_name(name), None), "aws")
            ]
            for service in self._services.values()
        }

    def find(self, service: str, operation: str) -> Implementation:
        """The implementation, or the error that says there is none."""
        found = self._found.get((service, operation))
        if found is None:
            found = self._found[service, operation] = self._look_up(service, operation)
        return found

    def _look_up(self, service: str, operation: str) -> Implementation:
        owner = self._services.get(service)
        method = getattr(owner.api, xform_name(operation), None) if owner else None
        traits: OperationTraits | None = getattr(method, "aws", None)
        if owner is None or method is None or traits is None:
            raise Refused(f"Trunkline does not support the operation {operation} of {service} yet.")
        model = models.load(service).operations[operation]
        action = traits.action or iam_action(service, operation)
        mutates = model.mutates if traits.mutates is None else traits.mutates
        subject = Subject(model.service.endpoint_prefix, model.sensitive, traits.data_event)
        return Implementation(method, traits, model, action, mutates, subject, getattr(owner.api, "access", None))

    def _authorize(self, found: Implementation, call: Call, request: Doc) -> None:
        """Ask the policies; a service that keeps policies on its resources is asked for them (`access`)."""
        kind = call.caller.principal.kind
        if kind == "service" or (kind == "root" and found.access is None):
            return  # allowed whatever is asked; the most frequent calls of all
        access = NO_ACCESS if found.access is None else found.access(call, request)
        resources = access.resources or resources_of(found.traits, call, request)
        protocol = found.model.service.protocols[0]
        self.authorizer.authorize(
            call.caller,
            found.action,
            resources,
            {**request_keys(request), **access.context},
            protocol=protocol,
            resource_policies=access.policies,
            resource_account=access.account,
            resource_must_allow=access.must_allow,
        )
        for role, principal in passed_roles(call.service, call.operation, request, call.account):
            passed = {"iam:PassedToService": principal}
            self.authorizer.authorize(call.caller, "iam:PassRole", [role], passed, protocol=protocol)

    async def perform(self, found: Implementation, call: Call, request: Doc) -> Doc:
        """Authorize and run one validated call; a call that changes something is recorded whatever its outcome."""
        failure: AwsError | None = None
        answer: Doc = {}
        rider = None
        if found.mutates and found.traits.writes_once:
            rider = self._audit.rider(call, found.subject, request)
        try:
            if found.traits.authorize:
                self._authorize(found, call, request)
            if self.guard is not None and found.mutates:
                await self.guard(call, request, found.traits.data_event)
            with riding(rider):
                answer = await found.perform(call, request) or {}
            return answer
        except AwsError as error:
            failure = error
            raise
        except Exception as error:
            failure = AwsError("InternalFailure", f"Unhandled {type(error).__name__}.", status=500)
            log.exception(
                "an operation failed", service=call.service, operation=call.operation, request=call.request_id
            )
            raise failure from error
        finally:
            if rider is not None and rider.aboard:
                self._audit.close(rider, answer)
            if found.mutates and (rider is None or not rider.aboard or failure is not None):
                await self._audit.record(call, found.subject, request, failure, answer)
