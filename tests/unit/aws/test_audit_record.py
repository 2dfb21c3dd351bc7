"""Every call that changes something is in the ledger, once, with its outcome; whether or not its record rides along."""

import asyncio

import pytest

from trunkline.aws.audit import Audit
from trunkline.aws.errors import AwsError
from trunkline.aws.operations import Operations
from trunkline.aws.service import Call, Caller, Service, operation
from trunkline.core.clock import RealClock
from trunkline.core.db import Database
from trunkline.core.ledger import Ledger


class Api:
    def __init__(self, db):
        self._db = db
        self.commits = []

    async def _write(self):
        await self._db.write(lambda tx: tx.execute("INSERT INTO t VALUES (1)"))

    @operation(authorize=False, writes_once=True)
    async def put_parameter(self, call, req):
        if req["Name"] == "refused":
            raise AwsError("ParameterAlreadyExists", "It exists.")
        if req["Name"] != "nothing to do":
            await self._write()
        if req["Name"] == "late":
            raise AwsError("InternalServerError", "After the write.")
        return {"Version": 1}

    @operation(authorize=False, writes_once=True)
    async def create_document(self, call, req):
        await self._write()
        if req["Name"] == "late":
            raise AwsError("InternalServerError", "After the write.")
        return {"DocumentDescription": {"Name": req["Name"], "Sha1": "secret"}}

    @operation(authorize=False)
    async def delete_parameter(self, call, req):
        await self._write()
        return {}


@pytest.fixture
def db(tmp_path):
    db = Database(tmp_path / "t.db")
    db.migrate("t", ["CREATE TABLE t (n INTEGER)"])
    yield db
    db.close()


@pytest.fixture
def site(db):
    ledger = Ledger(db)
    operations = Operations(Audit(db, ledger, RealClock()))
    operations.open([Service("ssm", Api(db))], authorizer=None)
    caller = Caller.service("codebuild.amazonaws.com", "000000000000", "us-east-1")

    async def perform(name, **request):
        found = operations.find("ssm", name)
        return await operations.perform(found, Call(caller, "ssm", name, "request-1"), request)

    return perform, ledger


async def test_rides_in_the_only_write(site):
    perform, ledger = site
    await perform("PutParameter", Name="a", Value="secret")
    (event,) = ledger.read()
    assert event.detail["eventName"] == "PutParameter"
    assert event.detail["requestParameters"] == {"Name": "a", "Value": "HIDDEN_DUE_TO_SECURITY_REASONS"}
    assert "errorCode" not in event.detail


@pytest.mark.parametrize("name", ["refused", "late"])
async def test_a_failure_is_recorded_as_one(site, name):
    perform, ledger = site
    with pytest.raises(AwsError):
        await perform("PutParameter", Name=name)
    assert ledger.read()[-1].detail["errorCode"] in ("ParameterAlreadyExists", "InternalServerError")


async def test_is_recorded_although_nothing_was_written(site):
    perform, ledger = site
    await perform("PutParameter", Name="nothing to do")
    assert [event.detail["eventName"] for event in ledger.read()] == ["PutParameter"]


async def test_is_recorded_afterwards_when_it_does_not_ride(site):
    perform, ledger = site
    await perform("DeleteParameter", Name="a")
    assert [event.detail["eventName"] for event in ledger.read()] == ["DeleteParameter"]


async def test_what_a_call_made_is_in_its_one_record(site, db):
    perform, ledger = site
    await perform("CreateDocument", Name="a")
    await asyncio.sleep(0)  # the record gets under way
    await db.write(lambda tx: None)  # and this write is behind it
    (event,) = ledger.read()
    assert event.detail["responseElements"] == {"DocumentDescription": {"Name": "a"}}
    assert db.all("SELECT * FROM audit_open") == []


async def test_a_record_that_a_crash_left_open_is_appended_at_the_next_start(site, db):
    perform, ledger = site
    await perform("CreateDocument", Name="a")
    assert ledger.read() == []  # the change is committed, its record still open
    again = Ledger(db)
    Audit(db, again, RealClock())
    (event,) = again.read()
    assert event.detail["eventName"] == "CreateDocument"
    await db.write(lambda tx: None)
    assert len(again.read()) == 1
