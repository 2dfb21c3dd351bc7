"""Lookup tables, and the commands that read them."""

import pytest

_USERS = 'id,name,department\n7,"Ann, A.",sales\n8,Bob,ops\n'


@pytest.fixture
def table(aws, name):
    logs = aws("logs")
    made = name.replace("-", "_")
    arn = logs.create_lookup_table(lookupTableName=made, tableBody=_USERS, description="people")["lookupTableArn"]
    yield made, arn
    logs.delete_lookup_table(lookupTableArn=arn)


def test_lookup_adds_fields_to_events(site, table):
    site.put({"userId": 7}, {"userId": "9"})
    found = site.ask(f"lookup {table[0]} id as userId OUTPUT name, department | display userId, name, department")
    assert found[0].keys() == {"userId", "@ptr"}
    assert (found[1]["userId"], found[1]["name"], found[1]["department"]) == ("7", "Ann, A.", "sales")


def test_a_table_is_described_read_and_replaced(aws, table):
    logs = aws("logs")
    made, arn = table
    found = logs.describe_lookup_tables(lookupTableNamePrefix=made)["lookupTables"][0]
    assert (found["tableFields"], found["recordsCount"]) == (["id", "name", "department"], 2)
    assert found["sizeBytes"] == len(_USERS)
    logs.update_lookup_table(lookupTableArn=arn, tableBody="id,name\n1,Zoe\n")
    assert logs.get_lookup_table(lookupTableArn=arn)["tableBody"] == "id,name\n1,Zoe\n"
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_lookup_table(lookupTableName=made, tableBody=_USERS)


def test_a_table_is_made_of_a_querys_results(site, name):
    site.put({"user": "a"}, {"user": "b"}, {"user": "a"})
    query = site.start("stats count(*) as n by user | sort user asc")
    site.ended(query)
    arn = site.logs.create_lookup_table(lookupTableName=name.replace("-", "_"), queryId=query)["lookupTableArn"]
    assert site.logs.get_lookup_table(lookupTableArn=arn)["tableBody"] == "user,n\na,2\nb,1\n"
    site.logs.delete_lookup_table(lookupTableArn=arn)
    with pytest.raises(site.logs.exceptions.ResourceNotFoundException):
        site.logs.get_lookup_table(lookupTableArn=arn)


@pytest.mark.parametrize("body", ["a,a\n1,2\n", "a,b\n1\n", ",b\n1,2\n", 'a,b\n"1,2\n'])
def test_what_is_no_table_is_refused(aws, name, body):
    logs = aws("logs")
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.create_lookup_table(lookupTableName=name.replace("-", "_"), tableBody=body)


def test_a_query_over_a_table_that_is_not_there_is_malformed(site):
    with pytest.raises(site.logs.exceptions.MalformedQueryException):
        site.start("lookup nobody id as userId OUTPUT name")
