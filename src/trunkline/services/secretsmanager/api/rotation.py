"""RotateSecret and CancelRotateSecret."""

from trunkline.aws import schedules
from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.core import ids
from trunkline.core.db import Tx
from trunkline.services.secretsmanager import store
from trunkline.services.secretsmanager.api.part import RESOURCE, Part
from trunkline.services.secretsmanager.model import Rotation, Secret
from trunkline.services.secretsmanager.rotation import expression

_HOUR_S = 3600


class RotationOperations(Part):
    """What sets a rotation up, begins it, and gives it up."""

    @operation(RESOURCE)
    async def rotate_secret(self, call: Call, req: Doc) -> Doc:
        if "ExternalSecretRotationRoleArn" in req or "ExternalSecretRotationMetadata" in req:
            raise Refused(
                "Trunkline has no managed external secrets: give a RotationLambdaARN.",
                code="InvalidParameterException",
                status=400,
            )
        token, now = req.get("ClientRequestToken") or ids.uuid(), self._clock.now()
        asked = store.secret(self._db, call, req["SecretId"], now)
        asked.rotation = _wanted(asked, req)
        await self._check_function(asked)

        def write(tx: Tx) -> str:
            item = store.secret(tx, call, req["SecretId"], now)
            if store.VERSIONS.get(tx, item.account, item.region, item.name, token) is not None:
                return token  # the same request again
            if item.rotation is not None and item.rotation.token:
                raise AwsError(
                    "InvalidRequestException",
                    "A previous rotation isn't complete. That rotation will be reattempted.",
                )
            item.rotation = _wanted(item, req)
            self.rotations.plan(item.rotation)
            if req.get("RotateImmediately", True):
                self.rotations.begin_in(tx, item, token)
            item.changed = now
            store.SECRETS.put(tx, item)
            tx.after_commit(self.rotations.nudge)
            return token

        version = await self._db.write(write)
        return {"ARN": asked.arn, "Name": asked.name, "VersionId": version}

    @operation(RESOURCE)
    async def cancel_rotate_secret(self, call: Call, req: Doc) -> Doc:
        """Turns the schedule off; a rotation under way is left where it is, with its AWSPENDING version."""
        now = self._clock.now()

        def write(tx: Tx) -> Secret:
            item = store.secret(tx, call, req["SecretId"], now)
            if item.rotation is not None:
                item.rotation.enabled, item.rotation.next_at, item.rotation.token = False, None, ""
            item.changed = now
            store.SECRETS.put(tx, item)
            return item

        item = await self._db.write(write)
        return {"ARN": item.arn, "Name": item.name}

    async def _check_function(self, item: Secret) -> None:
        try:
            await self.rotations.invoke(item, {}, dry=True)
        except AwsError as error:
            if error.code == "ResourceNotFoundException":
                raise AwsError("ResourceNotFoundException", error.message) from error
            raise AwsError(
                "InvalidRequestException",
                "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants"
                " access to the principal secretsmanager.amazonaws.com.",
            ) from error


def _wanted(item: Secret, req: Doc) -> Rotation:
    """What the request makes of the secret's rotation."""
    before = item.rotation or Rotation("")
    function, rules = req.get("RotationLambdaARN", before.function), req.get("RotationRules", before.rules)
    if not function:
        raise AwsError("InvalidRequestException", "No Lambda rotation function ARN is associated with this secret.")
    _check(rules)
    return Rotation(function, dict(rules), before.last)


def _check(rules: Doc) -> None:
    if not rules:
        return
    if ("AutomaticallyAfterDays" in rules) == ("ScheduleExpression" in rules):
        raise _bad("You must specify either AutomaticallyAfterDays or ScheduleExpression, and not both.")
    try:
        timing = schedules.parse(expression(rules))
    except schedules.ScheduleError as error:
        raise _bad("The ScheduleExpression is not valid.") from error
    hours = int(rules.get("Duration", "1h")[:-1])
    period_s = getattr(timing, "period_s", None)
    if not 1 <= hours <= 24 or (period_s is not None and period_s < max(4, hours) * _HOUR_S):
        raise _bad("A secret is rotated every four hours at most, and the window ends before the next one.")


def _bad(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
