"""Applications: a name under which deployment groups and revisions stand."""

from __future__ import annotations

from trunkline.aws import tags as tagging
from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, operation
from trunkline.core import ids
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.codedeploy import store
from trunkline.services.codedeploy.api import found
from trunkline.services.codedeploy.model import Application, Doc

ARN = "arn:aws:codedeploy:{region}:{account}:application:{applicationName}"


class Applications(found.Operations):
    @operation(ARN)
    async def create_application(self, call: Call, req: Doc) -> Doc:
        name = found.name(req["applicationName"], "InvalidApplicationNameException", "application")
        application = Application(
            account=call.account,
            region=call.region,
            name=name,
            id=ids.uuid(),
            platform=req.get("computePlatform", "Server"),
            created_at=self.kit.clock.now(),
            tags=tagging.normalise(req.get("tags"), error="InvalidTagsToAddException"),
        )
        try:
            await self.kit.db.write(lambda tx: store.applications.insert(tx, application))
        except AlreadyExists as error:
            raise AwsError("ApplicationAlreadyExistsException", f"Application already exists: {name}") from error
        return {"applicationId": application.id}

    @operation(ARN)
    async def get_application(self, call: Call, req: Doc) -> Doc:
        return {"application": found.application(self.kit.db, call, req["applicationName"]).described()}

    @operation("arn:aws:codedeploy:{region}:{account}:application:*")
    async def batch_get_applications(self, call: Call, req: Doc) -> Doc:
        names = found.limited(req["applicationNames"])
        return {"applicationsInfo": [found.application(self.kit.db, call, name).described() for name in names]}

    @operation("arn:aws:codedeploy:{region}:{account}:application:*")
    async def list_applications(self, call: Call, req: Doc) -> Doc:
        all_of_them = store.applications.find(self.kit.db, prefix=(call.account, call.region))
        shown, token = page(all_of_them, found.PAGE, req.get("nextToken"), key=lambda one: one.name)
        return {"applications": [one.name for one in shown], "nextToken": token}

    @operation(ARN)
    async def update_application(self, call: Call, req: Doc) -> None:
        old, new = req.get("applicationName"), req.get("newApplicationName")
        if not old:
            raise AwsError("ApplicationNameRequiredException", "The application name is required.")
        if not new or new == old:
            found.application(self.kit.db, call, old)
            return
        found.name(new, "InvalidApplicationNameException", "application")

        def rename(tx: Tx) -> None:
            application = found.application(tx, call, old)
            if store.applications.get(tx, call.account, call.region, new):
                raise AwsError("ApplicationAlreadyExistsException", f"Application already exists: {new}")
            place = (call.account, call.region, old)
            for group in store.groups.find(tx, prefix=place):
                store.groups.delete(tx, *place, group.name)
                group.application = new
                store.groups.put(tx, group)
            for revision in store.revisions.find(tx, prefix=place):
                store.revisions.delete(tx, *place, revision.key)
                revision.application = new
                store.revisions.put(tx, revision)
            for deployment in store.deployments.find(tx, prefix=place[:2]):
                if deployment.application == old:
                    deployment.application = new
                    store.deployments.put(tx, deployment)
            store.applications.delete(tx, *place)
            application.name = new
            store.applications.put(tx, application)

        await self.kit.db.write(rename)

    @operation(ARN)
    async def delete_application(self, call: Call, req: Doc) -> None:
        """Its groups and revisions go with it; deployments stay as history. Deleting what is not there is no error."""

        def delete(tx: Tx) -> None:
            place = (call.account, call.region, req["applicationName"])
            for group in store.groups.find(tx, prefix=place):
                store.groups.delete(tx, *place, group.name)
            for revision in store.revisions.find(tx, prefix=place):
                store.revisions.delete(tx, *place, revision.key)
            store.applications.delete(tx, *place)

        await self.kit.db.write(delete)
