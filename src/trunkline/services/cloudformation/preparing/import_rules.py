"""What AWS refuses of a request to import before it looks for the resources, in its own words.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import-existing-stack.html
"""

from collections import Counter
from typing import Any

from trunkline.services.cloudformation import template
from trunkline.services.cloudformation.preparing.sources import bad

Doc = dict[str, Any]


def check(entries: list[Doc], parsed: "template.Template", new: set[str], *, whole: bool) -> None:
    """`new`: what of the template the stack does not have. whole: an import alone, which takes in all that is new."""
    if not entries:
        raise bad("Must Provide at least one resource to import")
    names = [str(one["LogicalResourceId"]) for one in entries]
    if strangers := [name for name in names if name not in parsed.resources]:
        raise bad(
            f"The logical resource ids [{', '.join(strangers)}] provided in ResourceToImport do not exist in the "
            "template."
        )
    for one in entries:
        given, said = one["ResourceType"], parsed.resources[one["LogicalResourceId"]].type
        if given != said:
            raise bad(
                f"Resource type of [{one['LogicalResourceId']}] passed in ResourceToImport does not match with "
                f"resource type defined in the template. Resource type in ResourceToImport: {given}; Resource type in "
                f"Template: {said}."
            )
    if max(Counter(names).values()) > 1:
        raise bad("Every resource to import must have unique LogicalResourceId")
    if not new:
        raise bad("The template should contain at least one new resource to import.")
    if owned := [name for name in names if name not in new]:
        raise bad(
            f"Resources [{', '.join(owned)}] passed in ResourceToImport are already in a stack and cannot be imported."
        )
    if whole and (unlisted := sorted(new - set(names))):
        raise bad(f"Resources [{', '.join(unlisted)}] is missing from ResourceToImport list")
    if bare := [name for name in names if not parsed.resources[name].deletion_policy]:
        raise bad(
            f"The following resources to import [{', '.join(bare)}] must have DeletionPolicy attribute specified in "
            "the template."
        )


def check_alone(changes: list[Doc]) -> None:
    """An import changes nothing else of the stack."""
    if others := [str(one["LogicalResourceId"]) for one in changes if one["Action"] != "Import"]:
        raise bad(
            f"You have modified resources [{', '.join(others)}] in your template that are not being imported. Update, "
            "create or delete operations cannot be executed during import operations."
        )
