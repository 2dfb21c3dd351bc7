"""What is wrong with a template by itself, before any value is known: the first fault, in AWS's words.

A template that macros have yet to change is checked in what no macro changes; the processed one is checked in full.
"""

from trunkline.services.cloudformation.template.checks.definitions import check_outputs, check_resources
from trunkline.services.cloudformation.template.checks.functions import check_functions
from trunkline.services.cloudformation.template.checks.naming import check_references
from trunkline.services.cloudformation.template.checks.sections import (
    check_conditions,
    check_mappings,
    check_parameters,
    check_rules,
    check_sections,
    refuse_nulls,
)
from trunkline.services.cloudformation.template.checks.secure import check_secure_references
from trunkline.services.cloudformation.template.model import Template


def check(template: Template) -> None:
    """Raise TemplateError for the first thing wrong."""
    check_sections(template)
    check_parameters(template)
    check_mappings(template)
    check_rules(template)
    if template.pending:
        return
    check_resources(template)
    check_outputs(template)
    refuse_nulls(template.doc)
    check_conditions(template)
    check_functions(template)
    check_references(template)
    check_secure_references(template)
