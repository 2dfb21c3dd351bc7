"""Console passwords and the account's policy for them.

Nothing signs in with a password here (Trunkline's console takes access keys): they are kept, and checked against the
policy, so that what sets up people for AWS runs unchanged.
"""

import asyncio

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import AlreadyExists, Tx
from trunkline.services.iam import store
from trunkline.services.iam.api.part import USER, Part, user_name
from trunkline.services.iam.model import LoginProfile, PasswordPolicy

_SYMBOLS = frozenset("!@#$%^&*()_+-=[]{}|'")
_DEFAULT_MIN_CHARS = 8


class LoginOperations(Part):
    """CreateLoginProfile, ChangePassword, UpdateAccountPasswordPolicy and others."""

    @operation(USER)
    async def create_login_profile(self, call: Call, req: Doc) -> Doc:
        name, now = user_name(call, req), self._clock.now()
        user = store.user(self._db, call.account, name)
        if store.LOGINS.get(self._db, call.account, user.key):
            raise _exists(user.name)
        if "Password" not in req:
            raise AwsError("ValidationError", "Password is required to create a login profile.", status=400)
        self._check(call, req["Password"])
        item = LoginProfile(call.account, user.key, "", "", now, now, req.get("PasswordResetRequired", False))
        await asyncio.to_thread(item.set_password, req["Password"], now)

        def write(tx: Tx) -> None:
            store.user(tx, call.account, name)
            store.LOGINS.insert(tx, item)

        try:
            await self._change(write)
        except AlreadyExists:
            raise _exists(user.name) from None
        return {"LoginProfile": _shown(user.name, item)}

    @operation(USER)
    async def get_login_profile(self, call: Call, req: Doc) -> Doc:
        user = store.user(self._db, call.account, user_name(call, req))
        return {"LoginProfile": _shown(user.name, self._login(call, user.name))}

    @operation(USER)
    async def update_login_profile(self, call: Call, req: Doc) -> None:
        item = self._login(call, req["UserName"])
        if "Password" in req:
            self._check(call, req["Password"])
            await asyncio.to_thread(item.set_password, req["Password"], self._clock.now())
        item.reset = req.get("PasswordResetRequired", item.reset)
        await self._change(lambda tx: store.LOGINS.put(tx, item))

    @operation(USER)
    async def delete_login_profile(self, call: Call, req: Doc) -> None:
        item = self._login(call, user_name(call, req))
        await self._change(lambda tx: store.LOGINS.delete(tx, item.account, item.user))

    @operation()
    async def change_password(self, call: Call, req: Doc) -> None:
        if call.caller.principal.kind != "user":
            raise AwsError("InvalidUserType", "Only IAM Users can change their own password.")
        item = self._login(call, call.caller.principal.name)
        if not await asyncio.to_thread(item.matches, req["OldPassword"]):
            raise AwsError("AccessDenied", "The old password was incorrect.", status=403)
        self._check(call, req["NewPassword"])
        await asyncio.to_thread(item.set_password, req["NewPassword"], self._clock.now())
        item.reset = False
        await self._change(lambda tx: store.LOGINS.put(tx, item))

    @operation()
    async def update_account_password_policy(self, call: Call, req: Doc) -> None:
        # What a request leaves out gets its default, whatever it was before.
        item = PasswordPolicy(
            account=call.account,
            min_chars=req.get("MinimumPasswordLength", 6),
            symbols=req.get("RequireSymbols", False),
            numbers=req.get("RequireNumbers", False),
            uppercase=req.get("RequireUppercaseCharacters", False),
            lowercase=req.get("RequireLowercaseCharacters", False),
            change_allowed=req.get("AllowUsersToChangePassword", False),
            max_age_days=req.get("MaxPasswordAge", 0),
            reuse_prevention=req.get("PasswordReusePrevention", 0),
            hard_expiry=req.get("HardExpiry", False),
        )
        await self._change(lambda tx: store.PASSWORD_POLICIES.put(tx, item))

    @operation()
    async def get_account_password_policy(self, call: Call, req: Doc) -> Doc:
        item = store.PASSWORD_POLICIES.get(self._db, call.account)
        if item is None:
            raise store.missing(f"The Password Policy with domain name {call.account}")
        return {
            "PasswordPolicy": {
                "MinimumPasswordLength": item.min_chars,
                "RequireSymbols": item.symbols,
                "RequireNumbers": item.numbers,
                "RequireUppercaseCharacters": item.uppercase,
                "RequireLowercaseCharacters": item.lowercase,
                "AllowUsersToChangePassword": item.change_allowed,
                "ExpirePasswords": item.max_age_days > 0,
                "MaxPasswordAge": item.max_age_days or None,
                "PasswordReusePrevention": item.reuse_prevention or None,
                "HardExpiry": item.hard_expiry,
            }
        }

    @operation()
    async def delete_account_password_policy(self, call: Call, req: Doc) -> None:
        if not await self._change(lambda tx: store.PASSWORD_POLICIES.delete(tx, call.account)):
            raise store.missing("The account policy with name PasswordPolicy")

    def _login(self, call: Call, name: str) -> LoginProfile:
        user = store.user(self._db, call.account, name)
        found = store.LOGINS.get(self._db, call.account, user.key)
        if found is None:
            raise store.missing(f"Login Profile for User {user.name}")
        return found

    def _check(self, call: Call, password: str) -> None:
        problem = weakness(password, store.PASSWORD_POLICIES.get(self._db, call.account))
        if problem:
            raise AwsError("PasswordPolicyViolation", problem)


def weakness(password: str, policy: PasswordPolicy | None) -> str:
    """Why a password is refused, or nothing; without a policy, AWS's own asks for three kinds of characters."""
    least = policy.min_chars if policy else _DEFAULT_MIN_CHARS
    if len(password) < least:
        return f"Password should have a minimum length of {least}"
    has = {
        "uppercase letter": any("A" <= char <= "Z" for char in password),
        "lowercase letter": any("a" <= char <= "z" for char in password),
        "number": any("0" <= char <= "9" for char in password),
        "symbol": any(char in _SYMBOLS for char in password),
    }
    if policy is None:
        few = sum(has.values()) < 3
        return "Password must contain uppercase, lowercase, numbers and symbols: at least three of them." if few else ""
    asked = dict(zip(has, (policy.uppercase, policy.lowercase, policy.numbers, policy.symbols), strict=True))
    missing = next((kind for kind, needed in asked.items() if needed and not has[kind]), "")
    return f"Password should have at least one {missing}" if missing else ""


def _exists(name: str) -> AwsError:
    return AwsError("EntityAlreadyExists", f"Login Profile for user {name} already exists.")


def _shown(name: str, item: LoginProfile) -> Doc:
    return {"UserName": name, "CreateDate": item.created, "PasswordResetRequired": item.reset}
