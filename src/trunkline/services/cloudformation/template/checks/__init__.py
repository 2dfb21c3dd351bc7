"""What is wrong with a template by itself, before any value is known: the first fault, in AWS's words."""

from trunkline.services.cloudformation.template.errors import TemplateError
from trunkline.services.cloudformation.template.model import Template


def check(template: Template) -> None:
    """Raise TemplateError for the first thing wrong."""
    if not template.doc.get("Resources"):
        raise TemplateError("Template format error: At least one Resources member must be defined.")
