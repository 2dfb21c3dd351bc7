"""Lookup tables: CSV that the commands lookup and cidrlookup enrich events with."""

from __future__ import annotations

import csv
import io
import zlib

from trunkline.aws import paging, tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.logs.api.queries.starting import Starting
from trunkline.services.logs.queries.model import MAX_LOOKUP_BYTES, MAX_LOOKUP_TABLES, LookupBody, LookupTable, Query
from trunkline.services.logs.queries.store import LOOKUP_BODIES, LOOKUPS, QueryStore

_MISSING = "The specified lookup table does not exist."


class LookupTables(Starting):
    @operation(lambda call, req: call.arn(f"lookup-table:{req['lookupTableName']}"))
    async def create_lookup_table(self, call: Call, req: Doc) -> Doc:
        name, text = req["lookupTableName"], self._content(call, req)
        fields, records = read_table(text)
        table = LookupTable(
            call.account,
            call.region,
            name,
            req.get("description", ""),
            fields,
            records,
            len(text.encode()),
            self._now_ms(),
            req.get("kmsKeyId"),
            tags.normalise(req.get("tags", {}), error="InvalidParameterException"),
        )

        def work(tx: Tx) -> None:
            there = LOOKUPS.find(tx, prefix=(call.account, call.region))
            if any(one.name == name for one in there):
                raise AwsError("ResourceAlreadyExistsException", f"The lookup table {name} already exists.")
            if len(there) >= MAX_LOOKUP_TABLES:
                raise AwsError("LimitExceededException", f"An account has at most {MAX_LOOKUP_TABLES} lookup tables.")
            put_table(tx, table, text)

        await self._queries.db.write(work)
        return {"lookupTableArn": table.arn, "createdAt": table.updated_ms}

    @operation("{lookupTableArn}")
    async def update_lookup_table(self, call: Call, req: Doc) -> Doc:
        name, text = _name(call, req), self._content(call, req)
        fields, records = read_table(text)

        def work(tx: Tx) -> LookupTable:
            table = LOOKUPS.get(tx, call.account, call.region, name)
            if table is None:
                raise AwsError("ResourceNotFoundException", _MISSING)
            table.description = req.get("description", table.description)
            table.kms_key_id = req.get("kmsKeyId", table.kms_key_id) or None
            table.fields, table.records, table.size_bytes = fields, records, len(text.encode())
            table.updated_ms = self._now_ms()
            put_table(tx, table, text)
            return table

        table = await self._queries.db.write(work)
        return {"lookupTableArn": table.arn, "lastUpdatedTime": table.updated_ms}

    @operation("{lookupTableArn}")
    async def delete_lookup_table(self, call: Call, req: Doc) -> Doc:
        name = _name(call, req)

        def work(tx: Tx) -> None:
            if not LOOKUPS.delete(tx, call.account, call.region, name):
                raise AwsError("ResourceNotFoundException", _MISSING)
            LOOKUP_BODIES.delete(tx, call.account, call.region, name)

        await self._queries.db.write(work)
        return {}

    @operation("{lookupTableArn}")
    async def get_lookup_table(self, call: Call, req: Doc) -> Doc:
        name = _name(call, req)
        table = LOOKUPS.get(self._queries.db, call.account, call.region, name)
        body = LOOKUP_BODIES.get(self._queries.db, call.account, call.region, name)
        if table is None or body is None:
            raise AwsError("ResourceNotFoundException", _MISSING)
        return {**_described(table), "tableBody": zlib.decompress(body.body).decode()}

    @operation()
    async def describe_lookup_tables(self, call: Call, req: Doc) -> Doc:
        prefix = req.get("lookupTableNamePrefix", "")
        found = LOOKUPS.find(self._queries.db, prefix=(call.account, call.region))
        shown, token = paging.page(
            [one for one in found if one.name.startswith(prefix)],
            req.get("maxResults", 50),
            req.get("nextToken"),
            key=lambda one: one.name,
            error="InvalidParameterException",
        )
        described = [{**_described(one), "tableFields": one.fields, "recordsCount": one.records} for one in shown]
        return {"lookupTables": described, "nextToken": token}

    def _content(self, call: Call, req: Doc) -> str:
        if ("tableBody" in req) == ("queryId" in req):
            raise AwsError("InvalidParameterException", "Specify either tableBody or queryId, but not both.")
        if "tableBody" in req:
            return str(req["tableBody"])
        query = self._query(call, req["queryId"])
        if query.status != "Complete":
            raise AwsError("InvalidParameterException", f"The query {query.id} is not complete.")
        return results_as_csv(self._queries.store, query)


def results_as_csv(queries: QueryStore, query: Query) -> str:
    """A query's results as a table: a column for each field that any row has."""
    rows = [
        {cell["field"]: cell["value"] for cell in row if cell["field"] != "@ptr"}
        for row in queries.rows(query, 0, query.rows)
    ]
    fields = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, fields, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_table(text: str) -> tuple[list[str], int]:
    """The header and the number of records of a table; refused when it is none."""
    if len(text.encode()) > MAX_LOOKUP_BYTES:
        raise AwsError("InvalidParameterException", "The table must not exceed 10 MB.")
    try:
        header, *lines = [line for line in csv.reader(io.StringIO(text), strict=True) if line] or [[]]
    except csv.Error as error:
        raise AwsError("InvalidParameterException", f"The table is not valid CSV: {error}") from None
    if not header or not all(header) or len(set(header)) != len(header):
        raise AwsError("InvalidParameterException", "The first row must be a header of unique column names.")
    if any(len(line) != len(header) for line in lines):
        raise AwsError("InvalidParameterException", "Every row must have as many columns as the header.")
    return header, len(lines)


def put_table(tx: Tx, table: LookupTable, text: str) -> None:
    LOOKUPS.put(tx, table)
    LOOKUP_BODIES.put(tx, LookupBody(table.account, table.region, table.name, zlib.compress(text.encode(), 1)))


def _name(call: Call, req: Doc) -> str:
    prefix = call.arn("lookup-table:")
    arn = str(req["lookupTableArn"])
    if not arn.startswith("arn:"):
        raise AwsError("InvalidParameterException", "The specified lookupTableArn is invalid.")
    if not arn.startswith(prefix):
        raise AwsError("ResourceNotFoundException", _MISSING)
    return arn.removeprefix(prefix)


def _described(table: LookupTable) -> Doc:
    return {
        "lookupTableArn": table.arn,
        "lookupTableName": table.name,
        "description": table.description or None,
        "sizeBytes": table.size_bytes,
        "lastUpdatedTime": table.updated_ms,
        "kmsKeyId": table.kms_key_id,
    }
