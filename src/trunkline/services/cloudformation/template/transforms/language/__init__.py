"""AWS::LanguageExtensions: loops written out, and the functions it adds given their values.

Loops first, since they make names; then what can be worked out from parameters, mappings and conditions alone. What
needs a resource stays for the stack to evaluate.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
"""

from trunkline.services.cloudformation.template.errors import TransformError
from trunkline.services.cloudformation.template.model import Doc
from trunkline.services.cloudformation.template.transforms.interface import Transforming
from trunkline.services.cloudformation.template.transforms.language.loops import FAILED, unrolled
from trunkline.services.cloudformation.template.transforms.language.resolving import Resolving

SECTIONS = ("Conditions", "Resources", "Outputs")


async def extend(doc: Doc, transforming: Transforming) -> Doc:
    """The template with the transform applied. Raises TransformError."""
    resolving = Resolving(doc, transforming)
    extended = dict(doc)
    for section in SECTIONS:
        if section in doc:
            extended[section] = await unrolled(doc[section], section, resolving)
    resolving.knows(extended)
    for section in SECTIONS:
        if section in extended:
            extended[section] = await resolving.section(section, extended[section])
    _refuse_missing_conditions(extended)
    return extended


def _refuse_missing_conditions(doc: Doc) -> None:
    """Measured on AWS for a name with a placeholder (https://github.com/ministackorg/ministack/pull/1739)."""
    conditions = doc.get("Conditions")
    known = conditions if isinstance(conditions, dict) else {}
    for section in ("Resources", "Outputs"):
        members = doc.get(section)
        for body in members.values() if isinstance(members, dict) else ():
            name = body.get("Condition") if isinstance(body, dict) else None
            if isinstance(name, str) and name not in known:
                raise TransformError(f"{FAILED}Key {name} is missing in the map.")
