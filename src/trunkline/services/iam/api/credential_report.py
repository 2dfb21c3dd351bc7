"""The credential report: one line for each user, and one for the root of the account.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

from datetime import datetime

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Reader, Tx
from trunkline.services.iam import store
from trunkline.services.iam.api.part import Part
from trunkline.services.iam.model import CredentialReport, User

_KEY_COLUMNS = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
COLUMNS = (
    *("user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed"),
    *("password_next_rotation", "mfa_active"),
    *(f"access_key_{number}_{column}" for number in (1, 2) for column in _KEY_COLUMNS),
    *("cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated"),
)
_NO_KEY = ("false", "N/A", "N/A", "N/A", "N/A")
_NO_CERTIFICATES = ("false", "N/A", "false", "N/A")


class CredentialReportOperations(Part):
    """GenerateCredentialReport and GetCredentialReport."""

    @operation()
    async def generate_credential_report(self, call: Call, req: Doc) -> Doc:
        now = self._clock.now()

        def write(tx: Tx) -> bool:
            is_first = store.REPORTS.get(tx, call.account) is None
            lines = [",".join(COLUMNS), ",".join(self._root_line(call, now))]
            lines += [",".join(_line(tx, user)) for user in store.USERS.find(tx, prefix=(call.account,))]
            store.REPORTS.put(tx, CredentialReport(call.account, now, "\n".join(lines)))
            return is_first

        if await self._change(write):
            return {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}
        return {"State": "COMPLETE"}

    @operation()
    async def get_credential_report(self, call: Call, req: Doc) -> Doc:
        found = store.REPORTS.get(self._db, call.account)
        if found is None:
            raise AwsError("ReportNotPresent", "No report exists. Call GenerateCredentialReport first.")
        return {"Content": found.content.encode(), "ReportFormat": "text/csv", "GeneratedTime": found.generated}

    def _root_line(self, call: Call, now: datetime) -> tuple[str, ...]:
        has_key = call.account == self._settings.account and bool(self._settings.root_access_key_id)
        first_key = ("true", _time(now), "N/A", "N/A", "N/A") if has_key else _NO_KEY
        password = ("not_supported", "no_information", "not_supported", "not_supported", "false")
        arn = f"arn:aws:iam::{call.account}:root"
        return ("<root_account>", arn, _time(now), *password, *first_key, *_NO_KEY, *_NO_CERTIFICATES)


def _line(reader: Reader, user: User) -> tuple[str, ...]:
    login = store.LOGINS.get(reader, user.account, user.key)
    has_mfa = bool(store.mfa_devices_of(reader, user.account, user.key))
    password = ("true", "no_information", _time(login.changed), "N/A") if login else ("false", "N/A", "N/A", "N/A")
    shown = [
        (_flag(key.active), _time(key.created), _time(key.used), key.used_region, key.used_service)
        for key in sorted(store.keys_of(reader, user.account, user.key), key=lambda key: key.created)
    ]
    first, second = [*shown, _NO_KEY, _NO_KEY][:2]
    return (
        user.name,
        user.arn,
        _time(user.created),
        *password,
        _flag(has_mfa),
        *first,
        *second,
        *_NO_CERTIFICATES,
    )


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _time(value: datetime | None) -> str:
    return value.isoformat(timespec="seconds") if value else "N/A"
