"""Service-specific credentials: the user name and password with which git talks to CodeCommit over HTTP."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Reader, Tx
from trunkline.services.iam import store, views
from trunkline.services.iam.api.part import USER, Part, user_name
from trunkline.services.iam.model import (
    QUOTA_CREDENTIALS_PER_SERVICE,
    ServiceSpecificCredential,
    User,
    unique_id,
)

_SERVICES = ("codecommit.amazonaws.com",)


class ServiceCredentialOperations(Part):
    """CreateServiceSpecificCredential and its like."""

    @operation(USER)
    async def create_service_specific_credential(self, call: Call, req: Doc) -> Doc:
        service = req["ServiceName"]
        if service not in _SERVICES:
            raise AwsError(
                "ServiceNotSupportedException",
                f"Trunkline has service-specific credentials for {', '.join(_SERVICES)} only, not for {service}.",
            )

        def write(tx: Tx) -> tuple[User, ServiceSpecificCredential, str]:
            user = store.user(tx, call.account, req["UserName"])
            own = [item for item in store.credentials_of(tx, call.account, user.key) if item.service == service]
            if len(own) >= QUOTA_CREDENTIALS_PER_SERVICE:
                raise AwsError(
                    "LimitExceeded",
                    f"Cannot exceed quota for ServiceSpecificCredentialsPerUser: {QUOTA_CREDENTIALS_PER_SERVICE}",
                )
            number = next(n for n in range(len(own) + 1) if not any(c.user_name == _name(user, n) for c in own))
            item = ServiceSpecificCredential(
                unique_id("ACCA"), call.account, user.key, service, _name(user, number), "", "", self._clock.now()
            )
            password = item.new_password()
            store.CREDENTIALS.insert(tx, item)
            return user, item, password

        user, item, password = await self._change(write)
        return {"ServiceSpecificCredential": {**views.credential(item, user.name), "ServicePassword": password}}

    @operation(USER)
    async def list_service_specific_credentials(self, call: Call, req: Doc) -> Doc:
        user = store.user(self._db, call.account, user_name(call, req))
        wanted = req.get("ServiceName")
        found = [
            views.credential(item, user.name)
            for item in store.credentials_of(self._db, call.account, user.key)
            if wanted in (None, item.service)
        ]
        return {"ServiceSpecificCredentials": found}

    @operation(USER)
    async def update_service_specific_credential(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            _, item = self._own(tx, call, req)
            item.active = req["Status"] == "Active"
            store.CREDENTIALS.put(tx, item)

        await self._change(write)

    @operation(USER)
    async def reset_service_specific_credential(self, call: Call, req: Doc) -> Doc:
        def write(tx: Tx) -> tuple[User, ServiceSpecificCredential, str]:
            user, item = self._own(tx, call, req)
            password = item.new_password()
            store.CREDENTIALS.put(tx, item)
            return user, item, password

        user, item, password = await self._change(write)
        return {"ServiceSpecificCredential": {**views.credential(item, user.name), "ServicePassword": password}}

    @operation(USER)
    async def delete_service_specific_credential(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            _, item = self._own(tx, call, req)
            store.CREDENTIALS.delete(tx, item.id)

        await self._change(write)

    @staticmethod
    def _own(reader: Reader, call: Call, req: Doc) -> tuple[User, ServiceSpecificCredential]:
        user = store.user(reader, call.account, user_name(call, req))
        item = store.CREDENTIALS.get(reader, req["ServiceSpecificCredentialId"])
        if item is None or item.account != call.account or item.user != user.key:
            raise AwsError(
                "NoSuchEntity", f"No such credential {req['ServiceSpecificCredentialId']} exists for user {user.name}"
            )
        return user, item


def _name(user: User, number: int) -> str:
    return f"{user.name}{f'+{number}' if number else ''}-at-{user.account}"
