"""CloudFormation: stacks that really make, change and delete what their templates say.

Real: stacks as durable workflows that take resources in graph order, as many at once as it allows; updates by property
difference with replacement and cleanup; rollback of everything, by failure, request, time-out or alarm; change sets,
their early validation (properties and names; what CreateStack and UpdateStack are asked fails at the resource) and
imports; exports; stack policies; nested stacks, custom resources, macros, wait conditions; drift; stack sets of the
self-managed kind; refactoring; Lambda hooks. A resource type belongs to its service (`Service.resource_types`).

Refused, all together before anything is made: resource types that no service here provides, and properties that would
have no effect. Types of one's own, generated templates, resource scans, Guard hooks and organizations are not here.

template/ is the language, preparing/ what happens before a change, workflow/ the change itself; a rollback works from
the resources' rows alone (workflow/backward.py), so every way back is one way.
"""

from trunkline.aws.service import Kit, Service
from trunkline.engines import Engines
from trunkline.services.cloudformation import events, resources, store
from trunkline.services.cloudformation.api import Api
from trunkline.services.cloudformation.hooks import store as hooks
from trunkline.services.cloudformation.reactions import KINDS, Notifications
from trunkline.services.cloudformation.workflow import Cancels, Runner


def build(kit: Kit, engines: Engines) -> Service:
    kit.db.migrate("cloudformation", store.MIGRATIONS)
    kit.db.migrate("cloudformation-replies", resources.MIGRATIONS)
    kit.db.migrate("cloudformation-hooks", hooks.MIGRATIONS)
    cancels = Cancels()
    Runner(kit, engines.workflows, cancels)
    notifications = Notifications(kit)
    kit.bus.subscribe(
        "cloudformation.notifications", notifications.stack_event, sources=(events.SOURCE,), detail_types=KINDS
    )
    responses = resources.Responses(kit, engines)
    return Service(
        "cloudformation",
        Api(kit, engines.workflows, cancels),
        routes={resources.ROUTE: responses},
        resource_types=resources.types(kit, responses),
    )
