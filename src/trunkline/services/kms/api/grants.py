"""Grants: a right to use a key given to one principal, without touching its policy."""

from trunkline.aws.errors import AwsError
from trunkline.aws.paging import page
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.kms import store
from trunkline.services.kms.api.part import KEY, Part, check_request
from trunkline.services.kms.model import Grant


def _shown(grant: Grant) -> Doc:
    constraints = {}
    if grant.context_equals:
        constraints["EncryptionContextEquals"] = grant.context_equals
    if grant.context_subset:
        constraints["EncryptionContextSubset"] = grant.context_subset
    return {
        "KeyId": f"arn:aws:kms:{grant.region}:{grant.account}:key/{grant.key_id}",
        "GrantId": grant.id,
        "Name": grant.name,
        "CreationDate": grant.created,
        "GranteePrincipal": grant.grantee,
        "RetiringPrincipal": grant.retiring or None,
        "IssuingAccount": grant.issuer,
        "Operations": grant.operations,
        "Constraints": constraints or None,
    }


class GrantOperations(Part):
    """CreateGrant and its like."""

    @operation(KEY)
    async def create_grant(self, call: Call, req: Doc) -> Doc:
        check_request(req)
        constraints = req.get("Constraints", {})
        now = self._clock.now()

        def write(tx: Tx) -> Grant:
            key = store.key(tx, call, req["KeyId"], now)
            key.check_not_pending()
            if not key.enabled:
                raise AwsError("DisabledException", f"{key.arn} is disabled.")
            grant = Grant(
                account=key.account,
                region=key.region,
                key_id=key.id,
                id=ids.hex_id(64),
                token=ids.alnum(64),
                grantee=req["GranteePrincipal"],
                operations=list(req["Operations"]),
                created=now,
                issuer=f"arn:aws:iam::{call.account}:root",
                name=req.get("Name", ""),
                retiring=req.get("RetiringPrincipal", ""),
                context_equals=constraints.get("EncryptionContextEquals", {}),
                context_subset=constraints.get("EncryptionContextSubset", {}),
            )
            # A named grant that is already there is answered again: a repeated call makes no second one.
            for other in store.grants(tx, key):
                if grant.name and _same(other, grant):
                    return other
            store.GRANTS.insert(tx, grant)
            return grant

        grant = await self._db.write(write)
        return {"GrantId": grant.id, "GrantToken": grant.token}

    @operation(KEY)
    async def list_grants(self, call: Call, req: Doc) -> Doc:
        key = store.key(self._db, call, req["KeyId"], self._clock.now())
        grants = [
            grant
            for grant in store.grants(self._db, key)
            if req.get("GrantId") in (None, grant.id) and req.get("GranteePrincipal") in (None, grant.grantee)
        ]
        return self._grant_page(grants, req)

    @operation()
    async def list_retirable_grants(self, call: Call, req: Doc) -> Doc:
        found = store.GRANTS.find(self._db, prefix=(call.account, call.region))
        return self._grant_page([grant for grant in found if grant.retiring == req["RetiringPrincipal"]], req)

    @staticmethod
    def _grant_page(grants: list[Grant], req: Doc) -> Doc:
        chosen, marker = page(
            grants, req.get("Limit", 50), req.get("Marker"), key=lambda g: g.id, error="InvalidMarkerException"
        )
        return {"Grants": [_shown(g) for g in chosen], "Truncated": marker is not None, "NextMarker": marker}

    @operation(KEY)
    async def revoke_grant(self, call: Call, req: Doc) -> None:
        check_request(req)
        await self._remove_grant(call, req["KeyId"], req["GrantId"])

    @operation(KEY)
    async def retire_grant(self, call: Call, req: Doc) -> None:
        check_request(req)
        if "GrantToken" in req:
            found = store.GRANTS.find(self._db, prefix=(call.account, call.region))
            grant = next((g for g in found if g.token == req["GrantToken"]), None)
            if grant is None:
                raise AwsError("InvalidGrantTokenException", "The grant token is not known.")
            await self._remove_grant(call, grant.key_id, grant.id)
            return
        if "KeyId" not in req or "GrantId" not in req:
            raise AwsError("ValidationException", "Either a GrantToken, or a KeyId and a GrantId are required.")
        await self._remove_grant(call, req["KeyId"], req["GrantId"])

    async def _remove_grant(self, call: Call, key_id: str, grant_id: str) -> None:
        def write(tx: Tx) -> None:
            key = store.key(tx, call, key_id, self._clock.now())
            if not store.GRANTS.delete(tx, key.account, key.region, key.id, grant_id):
                raise AwsError("NotFoundException", f"Grant ID {grant_id} not found")

        await self._db.write(write)


def _same(one: Grant, other: Grant) -> bool:
    names = ("name", "grantee", "retiring", "operations", "context_equals", "context_subset")
    return all(getattr(one, name) == getattr(other, name) for name in names)
