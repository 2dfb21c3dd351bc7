"""Service settings: which there are, what each may be, and what it is until somebody changes it.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_UpdateServiceSetting.html
"""

from datetime import UTC, datetime
from typing import NamedTuple

from trunkline.aws import arn as arns
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc
from trunkline.core.db import Reader
from trunkline.services.ssm import store

TIER = "/ssm/parameter-store/default-parameter-tier"
_SINCE = datetime(2021, 1, 1, tzinfo=UTC)


class Known(NamedTuple):
    """A setting's default, and the values it takes (none given: any)."""

    default: str
    allowed: tuple[str, ...] = ()


KNOWN = {
    TIER: Known("Standard", ("Standard", "Advanced", "Intelligent-Tiering")),
    "/ssm/parameter-store/high-throughput-enabled": Known("false", ("true", "false")),
    "/ssm/documents/console/public-sharing-permission": Known("Enable", ("Enable", "Disable")),
    "/ssm/managed-instance/activation-tier": Known("standard", ("standard", "advanced")),
    "/ssm/managed-instance/default-ec2-instance-management-role": Known("$None"),
    "/ssm/automation/customer-script-log-destination": Known("None"),
    "/ssm/automation/customer-script-log-group-name": Known("/aws/ssm/automation/executeScript"),
    "/ssm/automation/enable-adaptive-concurrency": Known("False"),
    "/ssm/appmanager/appmanager-enabled": Known("False", ("True", "False")),
    "/ssm/opsinsights/opscenter": Known("Disabled", ("Enabled", "Disabled")),
}


def resource(call: Call, req: Doc) -> str:
    """The ARN of the setting a request is about."""
    return arns.arn("ssm", call.region, call.account, f"servicesetting{name(req)}")


def name(req: Doc) -> str:
    """The setting's id, which may be given as its ARN."""
    given = str(req["SettingId"])
    return given.split(":", 5)[-1].removeprefix("servicesetting") if given.startswith("arn:") else given


def known(req: Doc) -> Known:
    """What is known of the setting, or ServiceSettingNotFound."""
    found = KNOWN.get(name(req))
    if found is None:
        raise AwsError("ServiceSettingNotFound", f"Setting {req['SettingId']} not found.")
    return found


def value(reader: Reader, call: Call, setting_id: str) -> str:
    """What the setting is in this account and region."""
    found = store.SETTINGS.get(reader, call.account, call.region, setting_id)
    return found.value if found else KNOWN[setting_id].default


def shown(reader: Reader, call: Call, req: Doc) -> Doc:
    """ServiceSetting, as it is now."""
    default = known(req).default
    found = store.SETTINGS.get(reader, call.account, call.region, name(req))
    return {
        "SettingId": name(req),
        "SettingValue": found.value if found else default,
        "LastModifiedDate": found.modified if found else _SINCE,
        "LastModifiedUser": found.modified_by if found else "System",
        "ARN": resource(call, req),
        "Status": "Customized" if found else "Default",
    }
