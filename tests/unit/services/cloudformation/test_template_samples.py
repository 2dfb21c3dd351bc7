"""Public templates parse and pass the checks as they are. They are not part of the project: without them, skipped."""

import pytest
from tests.wire.templates.run import FOLDER

from trunkline.services.cloudformation import template

SAMPLES = sorted(path for path in FOLDER.rglob("*") if path.is_file() and path.name != "README.md")


@pytest.mark.skipif(not SAMPLES, reason="the sample templates are not on this machine")
def test_public_templates_pass_the_checks() -> None:
    refused = {}
    for path in SAMPLES:
        try:
            parsed = template.Template(template.parse(path.read_text()))
            parsed.check()
            if not parsed.pending:
                template.graph(parsed, dict.fromkeys(parsed.conditions, True))
        except template.TemplateError as error:
            refused[str(path.relative_to(FOLDER))] = error.message
    assert refused == {}
    assert len(SAMPLES) == 60
