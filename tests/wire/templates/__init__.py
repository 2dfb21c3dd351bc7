"""Public sample templates, as they are: created, updated and deleted.

The templates are other people's and are not part of this repository: TRUNKLINE_TEMPLATES names the folder that holds
one folder for each collection (default: `shared/templates` beside the repository). Without it these tests are skipped.

    python -m tests.wire.templates > docs/reference/public-templates.md     the table of what passes, and why not
    python -m tests.wire.templates VPCPeering                                only those with this in their path
"""
