"""Whether a resource's type has the attributes that a template asks for.

Types are not the template's business, so the caller says what each has.
"""

from collections.abc import Callable, Collection, Iterable

from trunkline.services.cloudformation.template.errors import TemplateError
from trunkline.services.cloudformation.template.model import Template
from trunkline.services.cloudformation.template.references import references

Attributes = Callable[[str], Collection[str] | None]
"""A type's attributes, by their first part; None where anything may be asked for."""


def check_attributes(template: Template, names: Iterable[str], attributes_of: Attributes) -> None:
    """Raise TemplateError for the first Fn::GetAtt or `${A.B}` that can never be answered; `names`: what will exist."""
    there = set(names)
    values = [template.resources[name].references for name in there]
    values += [[output.value, output.export] for output in template.outputs.values()]
    for reference in references(values):
        if reference.attribute is None or reference.name not in there:
            continue
        known = attributes_of(template.resources[reference.name].type)
        first = reference.attribute.partition(".")[0]
        if known is not None and first not in known and first != "*":
            raise TemplateError(
                f"Template error: resource {reference.name} does not support attribute type {reference.attribute} in "
                "Fn::GetAtt"
            )
