"""The Rules section: assertions on parameters, checked before anything is made."""

from trunkline.services.cloudformation.template.model import Template
from trunkline.services.cloudformation.template.scope import Scope


def rules(template: Template, scope: Scope) -> None:
    """Raise TemplateError when an assertion of an applying rule does not hold."""
