"""Service settings, of which the default tier of parameters acts; the others are kept for those who ask."""

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.ssm import settings, store
from trunkline.services.ssm.api.part import Part
from trunkline.services.ssm.model import Setting


class SettingOperations(Part):
    """GetServiceSetting, UpdateServiceSetting, ResetServiceSetting."""

    @operation(settings.resource)
    async def get_service_setting(self, call: Call, req: Doc) -> Doc:
        return {"ServiceSetting": settings.shown(self._db, call, req)}

    @operation(settings.resource)
    async def update_service_setting(self, call: Call, req: Doc) -> Doc:
        allowed, value = settings.known(req).allowed, req["SettingValue"]
        if allowed and value not in allowed:
            raise AwsError(
                "ValidationException", f"Invalid setting value, allowed value pattern: {'|'.join(allowed)}", status=400
            )
        caller = call.caller.principal.arn
        item = Setting(call.account, call.region, settings.name(req), value, self._clock.now(), caller)
        await self._db.write(lambda tx: store.SETTINGS.put(tx, item))
        return {}

    @operation(settings.resource)
    async def reset_service_setting(self, call: Call, req: Doc) -> Doc:
        settings.known(req)

        def write(tx: Tx) -> Doc:
            store.SETTINGS.delete(tx, call.account, call.region, settings.name(req))
            return settings.shown(tx, call, req)

        return {"ServiceSetting": await self._db.write(write)}
