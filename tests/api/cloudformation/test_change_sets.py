"""Change sets: what they tell, and what executing them does."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.stacks import Stacks, parameter, template


@pytest.fixture
def stacks(aws, name):
    return Stacks(aws("cloudformation"), name)


def propose(stacks, resources, kind="UPDATE", change_set="one", **more):
    sections = {key: more.pop(key) for key in ("Outputs", "Parameters_", "Conditions") if key in more}
    if "Parameters_" in sections:
        sections["Parameters"] = sections.pop("Parameters_")
    made = stacks.cfn.create_change_set(
        StackName=stacks.name,
        ChangeSetName=change_set,
        ChangeSetType=kind,
        TemplateBody=template(resources, **sections),
        **more,
    )
    stacks.id = made["StackId"]
    return stacks.cfn.describe_change_set(ChangeSetName=made["Id"], IncludePropertyValues=True)


def changes(described):
    return {one["ResourceChange"]["LogicalResourceId"]: one["ResourceChange"] for one in described["Changes"]}


def test_a_stack_is_created_by_a_change_set(stacks):
    described = propose(stacks, {"One": parameter()}, "CREATE")
    assert (described["Status"], described["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert changes(described)["One"]["Action"] == "Add"
    assert stacks.now()["StackStatus"] == "REVIEW_IN_PROGRESS"
    stacks.cfn.get_waiter("change_set_create_complete").wait(ChangeSetName="one", StackName=stacks.name)
    stacks.cfn.execute_change_set(ChangeSetName="one", StackName=stacks.name)
    stacks.cfn.get_waiter("stack_create_complete").wait(StackName=stacks.name, WaiterConfig={"Delay": 0.05})
    assert stacks.history() == ["REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert stacks.now()["ChangeSetId"] == described["ChangeSetId"]
    assert stacks.cfn.list_change_sets(StackName=stacks.name)["Summaries"] == []


def test_changes_are_told_with_replacement_scope_and_values(stacks):
    stacks.create(
        {"Kept": parameter("a"), "Changed": parameter("b"), "Replaced": parameter("c"), "Gone": parameter("d")}
    )
    described = propose(
        stacks,
        {
            "Kept": parameter("a"),
            "Changed": parameter("B"),
            "Replaced": parameter("c", Name=f"/{stacks.name}/new"),
            "User": parameter({"Ref": "Replaced"}),
        },
    )
    found = changes(described)
    assert {name: (one["Action"], one.get("Replacement")) for name, one in found.items()} == {
        "Changed": ("Modify", "False"),
        "Replaced": ("Modify", "True"),
        "User": ("Add", None),
        "Gone": ("Remove", None),
    }
    detail = found["Changed"]["Details"][0]
    assert detail["ChangeSource"] == "DirectModification"
    assert detail["Evaluation"] == "Static"
    assert detail["Target"] == {
        "Attribute": "Properties",
        "Name": "Value",
        "RequiresRecreation": "Never",
        "Path": "/Properties/Value",
        "BeforeValue": "b",
        "AfterValue": "B",
        "AttributeChangeType": "Modify",
    }
    assert found["Changed"]["Scope"] == ["Properties"]
    assert json.loads(found["Changed"]["BeforeContext"])["Properties"]["Value"] == "b"
    assert found["Replaced"]["PolicyAction"] == "ReplaceAndDelete"
    assert found["Gone"]["PolicyAction"] == "Delete"
    assert json.loads(found["User"]["AfterContext"])["Properties"]["Value"] == "{{changeSet:KNOWN_AFTER_APPLY}}"


def test_values_are_shown_only_when_asked_for(stacks):
    stacks.create({"One": parameter("a")})
    propose(stacks, {"One": parameter("b")})
    plain = stacks.cfn.describe_change_set(ChangeSetName="one", StackName=stacks.name)
    change = plain["Changes"][0]["ResourceChange"]
    assert "BeforeContext" not in change
    assert set(change["Details"][0]["Target"]) == {"Attribute", "Name", "RequiresRecreation"}


def test_a_change_that_comes_from_a_replaced_resource_is_dynamic_and_names_it(stacks):
    stacks.create({"A": parameter("x"), "B": parameter({"Ref": "A"}, Name=f"/{stacks.name}/b")})
    described = propose(
        stacks, {"A": parameter("x", Name=f"/{stacks.name}/a"), "B": parameter({"Ref": "A"}, Name=f"/{stacks.name}/b")}
    )
    detail = changes(described)["B"]["Details"][0]
    assert (detail["Evaluation"], detail["ChangeSource"], detail["CausingEntity"]) == (
        "Dynamic",
        "ResourceReference",
        "A",
    )
    assert changes(described)["B"]["Replacement"] == "False"


def test_a_change_that_comes_from_a_parameter_names_it(stacks):
    sections = {"Parameters": {"P": {"Type": "String"}}}
    body = template({"A": parameter({"Ref": "P"})}, **sections)
    stacks.create(body, given={"P": "one"})
    made = stacks.cfn.create_change_set(
        StackName=stacks.name,
        ChangeSetName="p",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "P", "ParameterValue": "two"}],
    )
    described = stacks.cfn.describe_change_set(ChangeSetName=made["Id"])
    detail = changes(described)["A"]["Details"][0]
    assert (detail["ChangeSource"], detail["CausingEntity"]) == ("ParameterReference", "P")


def test_a_change_set_without_changes_fails_with_awss_reason(stacks):
    stacks.create({"One": parameter()})
    described = propose(stacks, {"One": parameter()})
    assert described["Status"] == "FAILED"
    assert described["StatusReason"] == (
        "The submitted information didn't contain changes. Submit different information to create a change set."
    )
    with pytest.raises(ClientError, match="InvalidChangeSetStatus"):
        stacks.cfn.execute_change_set(ChangeSetName="one", StackName=stacks.name)


def test_only_outputs_changed_is_a_change_set_without_resource_changes(stacks):
    stacks.create({"One": parameter()})
    described = propose(stacks, {"One": parameter()}, Outputs={"O": {"Value": "x"}})
    assert (described["Status"], described["Changes"]) == ("CREATE_COMPLETE", [])
    stacks.cfn.execute_change_set(ChangeSetName="one", StackName=stacks.name)
    assert stacks.ended() == "UPDATE_COMPLETE"
    assert stacks.outputs() == {"O": "x"}


def test_a_resource_that_exists_is_imported(stacks, aws):
    stacks.create({"One": parameter()})
    there = f"/{stacks.name}/there"
    aws("ssm").put_parameter(Name=there, Value="v", Type="String")
    described = propose(
        stacks,
        {"One": parameter(), "Taken": parameter("v", Name=there, DeletionPolicy="Retain")},
        "IMPORT",
        ResourcesToImport=[
            {
                "ResourceType": "AWS::SSM::Parameter",
                "LogicalResourceId": "Taken",
                "ResourceIdentifier": {"Name": there},
            }
        ],
    )
    assert changes(described)["Taken"]["Action"] == "Import"
    stacks.cfn.execute_change_set(ChangeSetName="one", StackName=stacks.name)
    assert stacks.ended() == "IMPORT_COMPLETE"
    assert stacks.history("Taken") == ["IMPORT_IN_PROGRESS", "IMPORT_COMPLETE"]
    assert stacks.physical("Taken") == there
    stacks.delete()
    assert aws("ssm").get_parameter(Name=there)["Parameter"]["Value"] == "v"


def test_import_existing_resources_takes_in_what_the_template_names(stacks, aws):
    there = f"/{stacks.name}/there"
    aws("ssm").put_parameter(Name=there, Value="v", Type="String")
    described = propose(
        stacks, {"Old": parameter("v", Name=there), "New": parameter()}, "CREATE", ImportExistingResources=True
    )
    assert {name: one["Action"] for name, one in changes(described).items()} == {"Old": "Import", "New": "Add"}
    stacks.cfn.execute_change_set(ChangeSetName="one", StackName=stacks.name)
    assert stacks.ended() == "CREATE_COMPLETE"
    assert stacks.physical("Old") == there


def test_change_sets_are_listed_and_deleted(stacks):
    stacks.create({"One": parameter()})
    for number in range(3):
        propose(stacks, {"One": parameter(str(number))}, change_set=f"n{number}")
    listed = stacks.cfn.list_change_sets(StackName=stacks.name)["Summaries"]
    assert {one["ChangeSetName"] for one in listed} == {"n0", "n1", "n2"}
    with pytest.raises(ClientError, match="AlreadyExists"):
        propose(stacks, {"One": parameter("x")}, change_set="n0")
    for _ in range(2):
        stacks.cfn.delete_change_set(ChangeSetName="n0", StackName=stacks.name)
    with pytest.raises(ClientError, match="ChangeSetNotFound"):
        stacks.cfn.describe_change_set(ChangeSetName="n0", StackName=stacks.name)
    stacks.cfn.execute_change_set(ChangeSetName="n1", StackName=stacks.name)
    assert stacks.ended() == "UPDATE_COMPLETE"
    assert stacks.cfn.list_change_sets(StackName=stacks.name)["Summaries"] == []


def test_a_change_set_with_many_changes_is_told_in_pages(stacks):
    made = stacks.cfn.create_change_set(
        StackName=stacks.name,
        ChangeSetName="many",
        ChangeSetType="CREATE",
        TemplateBody=template({f"P{number}": parameter() for number in range(130)}),
    )
    first = stacks.cfn.describe_change_set(ChangeSetName=made["Id"])
    rest = stacks.cfn.describe_change_set(ChangeSetName=made["Id"], NextToken=first["NextToken"])
    assert (len(first["Changes"]), len(rest["Changes"])) == (100, 30)
    assert "NextToken" not in rest
    stacks.cfn.delete_stack(StackName=stacks.name)


def test_a_stack_in_review_is_gone_after_delete_stack(stacks):
    propose(stacks, {"One": parameter()}, "CREATE")
    assert stacks.delete() == "DELETE_COMPLETE"


def test_update_of_a_stack_that_is_not_there_is_refused(stacks):
    with pytest.raises(ClientError, match="does not exist"):
        propose(stacks, {"One": parameter()})


def test_there_is_no_previous_value_for_a_stack_that_is_to_be_created(stacks):
    """Wording seen in https://github.com/mapbox/cfn-config/issues/182."""
    with pytest.raises(ClientError, match="Cannot specify UsePreviousValue on Parameters when ChangeSetType is CREATE"):
        propose(
            stacks,
            {"One": parameter({"Ref": "P"})},
            "CREATE",
            Parameters_={"P": {"Type": "String"}},
            Parameters=[{"ParameterKey": "P", "UsePreviousValue": True}],
        )


def test_get_template_of_a_change_set(stacks):
    described = propose(stacks, {"One": parameter()}, "CREATE")
    body = stacks.cfn.get_template(ChangeSetName=described["ChangeSetId"])["TemplateBody"]
    assert set(body["Resources"]) == {"One"}


def test_a_direct_update_makes_change_sets_of_before_obsolete(stacks):
    stacks.create({"One": parameter("a")})
    proposed = propose(stacks, {"One": parameter("b")})
    assert stacks.update({"One": parameter("c")}) == "UPDATE_COMPLETE"
    described = stacks.cfn.describe_change_set(ChangeSetName=proposed["ChangeSetId"])
    assert (described["Status"], described["ExecutionStatus"]) == ("CREATE_COMPLETE", "OBSOLETE")
    with pytest.raises(ClientError, match="OBSOLETE"):
        stacks.cfn.execute_change_set(ChangeSetName=proposed["ChangeSetId"])


@pytest.mark.parametrize(
    ("more", "listed", "said"),
    [
        ({}, [], "Must Provide at least one resource to import"),
        (
            {},
            ["Nobody"],
            "The logical resource ids [Nobody] provided in ResourceToImport do not exist",
        ),
        ({"Other": parameter()}, ["New"], "Resources [Other] is missing from ResourceToImport list"),
        ({}, ["New"], "The following resources to import [New] must have DeletionPolicy attribute specified"),
        ({}, ["One"], "Resources [One] passed in ResourceToImport are already in a stack and cannot be imported."),
    ],
)
def test_what_cannot_be_imported_is_refused_in_awss_words(stacks, more, listed, said):
    stacks.create({"One": parameter("a")})
    asked = [
        {"ResourceType": "AWS::SSM::Parameter", "LogicalResourceId": one, "ResourceIdentifier": {"Name": "/x"}}
        for one in listed
    ]
    resources = {"One": parameter("a"), "New": parameter(), **more}
    with pytest.raises(ClientError) as refused:
        propose(stacks, resources, "IMPORT", ResourcesToImport=asked)
    assert said in refused.value.response["Error"]["Message"]
