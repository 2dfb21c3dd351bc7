"""Saved queries with parameters."""

import uuid

import pytest


def test_a_saved_query_keeps_its_parameters(aws, name):
    logs = aws("logs")
    parameters = [{"name": "level", "defaultValue": "ERROR", "description": "how bad"}]
    made = logs.put_query_definition(
        name=name, queryString="filter level = '{{level}}'", parameters=parameters, clientToken=str(uuid.uuid4())
    )["queryDefinitionId"]
    found = logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"]
    assert (found[0]["queryDefinitionId"], found[0]["parameters"]) == (made, parameters)
    logs.put_query_definition(name=name, queryString="fields @message", queryDefinitionId=made)
    assert "parameters" not in logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"][0]
    assert logs.delete_query_definition(queryDefinitionId=made)["success"] is True


def test_the_same_token_saves_one_query(aws, name):
    logs = aws("logs")
    asked = {"name": name, "queryString": "fields @message", "clientToken": str(uuid.uuid4())}
    first, second = (logs.put_query_definition(**asked)["queryDefinitionId"] for _ in range(2))
    assert first == second
    logs.delete_query_definition(queryDefinitionId=first)


@pytest.mark.parametrize(
    "more",
    [
        {"parameters": [{"name": "a"}, {"name": "a"}]},
        {"parameters": [{"name": "other"}]},
        {"queryLanguage": "SQL"},
    ],
)
def test_definitions_that_cannot_be_are_refused(aws, name, more):
    logs = aws("logs")
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.put_query_definition(name=name, queryString="filter a = '{{a}}'", **more)
