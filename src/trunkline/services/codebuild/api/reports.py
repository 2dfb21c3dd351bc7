"""Report groups and test reports."""

from trunkline.aws import tags
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, operation
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.codebuild import store
from trunkline.services.codebuild.api.support import Group, listed
from trunkline.services.codebuild.described import group_document, report_document
from trunkline.services.codebuild.model import Doc, Report, ReportGroup
from trunkline.services.codebuild.validation import invalid


def _groups(call: Call, req: Doc) -> list[str]:
    return list(req["reportGroupArns"])


def _report_groups(call: Call, req: Doc) -> list[str]:
    return [_group_of(arn) for arn in req["reportArns"]]


def _group_of(report_arn: str) -> str:
    return report_arn.rpartition(":")[0].replace(":report/", ":report-group/")


def _group_of_one(call: Call, req: Doc) -> str:
    return _group_of(str(req.get("reportArn", req.get("arn", "*"))))


class Reports(Group):
    """https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Operations.html"""

    @operation("arn:aws:codebuild:{region}:{account}:report-group/{name}")
    async def create_report_group(self, call: Call, req: Doc) -> Doc:
        if req["type"] != "TEST":
            raise invalid("Code coverage reports are not supported by Trunkline: use the type TEST.")
        if req["exportConfig"].get("exportConfigType", "NO_EXPORT") != "NO_EXPORT":
            raise invalid("Exporting reports is not supported by Trunkline: use NO_EXPORT.")
        made = ReportGroup(
            call.account, call.region, req["name"], call.arn(f"report-group/{req['name']}"), "TEST",
            self._kit.clock.now(), tags=tags.normalise(req.get("tags"), error="InvalidInputException"),
        )  # fmt: skip
        try:
            await self._db.write(lambda tx: store.groups.insert(tx, made))
        except AlreadyExists as error:
            raise AwsError("ResourceAlreadyExistsException", f"Report group already exists: {made.arn}") from error
        return {"reportGroup": group_document(made)}

    @operation("{arn}")
    async def update_report_group(self, call: Call, req: Doc) -> Doc:
        if req.get("exportConfig", {}).get("exportConfigType", "NO_EXPORT") != "NO_EXPORT":
            raise invalid("Exporting reports is not supported by Trunkline: use NO_EXPORT.")
        given = tags.normalise(req.get("tags"), error="InvalidInputException")

        def update(tx: Tx) -> ReportGroup:
            group = store.groups.get(tx, call.account, call.region, req["arn"].rpartition("/")[2])
            if group is None:
                raise AwsError("ResourceNotFoundException", f"Report group cannot be found: {req['arn']}")
            group.tags = given if "tags" in req else group.tags
            store.groups.put(tx, group)
            return group

        return {"reportGroup": group_document(await self._db.write(update))}

    @operation("{arn}")
    async def delete_report_group(self, call: Call, req: Doc) -> Doc:
        """With deleteReports its reports go too; without, a group that has reports stays."""

        def delete(tx: Tx) -> None:
            reports = store.reports.find(tx, prefix=(call.account, call.region), group=req["arn"])
            if reports and not req.get("deleteReports"):
                raise invalid("The report group cannot be deleted: it contains reports.")
            for report in reports:
                store.reports.delete(tx, report.account, report.region, report.arn)
            store.groups.delete(tx, call.account, call.region, req["arn"].rpartition("/")[2])

        await self._db.write(delete)
        return {}

    @operation(_groups)
    async def batch_get_report_groups(self, call: Call, req: Doc) -> Doc:
        found, missing = [], []
        for arn in req["reportGroupArns"]:
            group = store.groups.get(self._db, call.account, call.region, arn.rpartition("/")[2])
            if group is None:
                missing.append(arn)
            else:
                found.append(group_document(group))
        return {"reportGroups": found, "reportGroupsNotFound": missing}

    @operation()
    async def list_report_groups(self, call: Call, req: Doc) -> Doc:
        found = store.groups.find(self._db, prefix=(call.account, call.region))
        return listed(_sorted([group.arn for group in found], req, "ASCENDING"), req, "reportGroups")

    @operation(_report_groups)
    async def batch_get_reports(self, call: Call, req: Doc) -> Doc:
        found, missing = [], []
        for arn in req["reportArns"]:
            report = store.reports.get(self._db, call.account, call.region, arn)
            if report is None:
                missing.append(arn)
            else:
                found.append(report_document(report))
        return {"reports": found, "reportsNotFound": missing}

    @operation()
    async def list_reports(self, call: Call, req: Doc) -> Doc:
        return self._listed(call, req, store.reports.find(self._db, prefix=(call.account, call.region)))

    @operation("{reportGroupArn}")
    async def list_reports_for_report_group(self, call: Call, req: Doc) -> Doc:
        name = req["reportGroupArn"].rpartition("/")[2]
        if store.groups.get(self._db, call.account, call.region, name) is None:
            raise AwsError("ResourceNotFoundException", f"Report group cannot be found: {req['reportGroupArn']}")
        group = req["reportGroupArn"]
        return self._listed(call, req, store.reports.find(self._db, prefix=(call.account, call.region), group=group))

    def _listed(self, call: Call, req: Doc, found: list[Report]) -> Doc:
        status = req.get("filter", {}).get("status")
        kept = [report for report in found if status is None or report.status == status]
        kept.sort(key=lambda report: (report.created, report.arn), reverse=req.get("sortOrder") != "ASCENDING")
        return listed([report.arn for report in kept], req, "reports")

    @operation(_group_of_one)
    async def describe_test_cases(self, call: Call, req: Doc) -> Doc:
        report = store.reports.get(self._db, call.account, call.region, req["reportArn"])
        if report is None:
            raise AwsError("ResourceNotFoundException", f"Report cannot be found: {req['reportArn']}")
        wanted = req.get("filter", {})
        cases = {
            str(number): {**case, "reportArn": report.arn}
            for number, case in enumerate(report.cases)
            if wanted.get("status") in (None, case["status"]) and wanted.get("keyword", "") in case["name"]
        }
        page = listed(list(cases), req, "testCases")
        return {**page, "testCases": [cases[number] for number in page["testCases"]]}

    @operation(_group_of_one)
    async def delete_report(self, call: Call, req: Doc) -> Doc:
        await self._db.write(lambda tx: store.reports.delete(tx, call.account, call.region, req["arn"]))
        return {}


def _sorted(names: list[str], req: Doc, default: str) -> list[str]:
    return sorted(names, reverse=req.get("sortOrder", default) == "DESCENDING")
