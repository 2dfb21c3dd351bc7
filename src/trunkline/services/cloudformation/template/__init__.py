"""CloudFormation templates: parsing, checking, transforming and evaluating them, with AWS's rules and messages.

Pure: nothing here touches a database or a service; what only an account knows is asked through callbacks (`Lookup`,
`Transforming`, `Scope`). In the order of use:

    doc = parse(body)
    template = Template(doc); template.check()
    found = await parameters(template, given(request["Parameters"]), previous, lookup)
    processed = Template(await transform(doc, transforming)); processed.check()
    rules(processed, scope); holds = conditions(processed, scope); waits = graph(processed, holds)
    properties = await evaluate(resource.properties, scope)
"""

from trunkline.services.cloudformation.template.checks.attributes import check_attributes
from trunkline.services.cloudformation.template.checks.definitions import check_export_name, check_policy
from trunkline.services.cloudformation.template.checks.lookups import check_lookups
from trunkline.services.cloudformation.template.conditions import conditions
from trunkline.services.cloudformation.template.dynamic import secret_reference, secret_value, ssm_reference
from trunkline.services.cloudformation.template.errors import (
    NO_VALUE,
    UNKNOWN,
    NotThere,
    TemplateError,
    TransformError,
    Unknown,
    is_unknown,
)
from trunkline.services.cloudformation.template.graph import active, graph, order
from trunkline.services.cloudformation.template.intrinsics import evaluate
from trunkline.services.cloudformation.template.model import Doc, Output, Parameter, Resource, Template, TransformUse
from trunkline.services.cloudformation.template.parameters import PREVIOUS, Given, Lookup, Parameters, given, parameters
from trunkline.services.cloudformation.template.parsing import MAX_BODY_BYTES, MAX_BYTES, parse
from trunkline.services.cloudformation.template.references import Reference, references
from trunkline.services.cloudformation.template.rules import Fact, Facts, facts_asked, rules
from trunkline.services.cloudformation.template.scope import PlainScope, Scope, pseudo_parameters
from trunkline.services.cloudformation.template.summary import (
    Capabilities,
    Summary,
    capabilities,
    declarations,
    summary,
)
from trunkline.services.cloudformation.template.transforms import Transforming, transform

__all__ = [
    "MAX_BODY_BYTES",
    "MAX_BYTES",
    "NO_VALUE",
    "PREVIOUS",
    "UNKNOWN",
    "Capabilities",
    "Doc",
    "Fact",
    "Facts",
    "Given",
    "Lookup",
    "NotThere",
    "Output",
    "Parameter",
    "Parameters",
    "PlainScope",
    "Reference",
    "Resource",
    "Scope",
    "Summary",
    "Template",
    "TemplateError",
    "TransformError",
    "TransformUse",
    "Transforming",
    "Unknown",
    "active",
    "capabilities",
    "check_attributes",
    "check_export_name",
    "check_lookups",
    "check_policy",
    "conditions",
    "declarations",
    "evaluate",
    "facts_asked",
    "given",
    "graph",
    "is_unknown",
    "order",
    "parameters",
    "parse",
    "pseudo_parameters",
    "references",
    "rules",
    "secret_reference",
    "secret_value",
    "ssm_reference",
    "summary",
    "transform",
]
