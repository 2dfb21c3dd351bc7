"""Identity over IAM's tables: what every request is checked against, remembered until something in IAM changes."""

import threading
from collections.abc import Callable
from typing import TypeVar

from trunkline.aws import arn as arns
from trunkline.aws import sessions
from trunkline.aws.identity import Credential, Grants, ServiceCredential, Trust
from trunkline.aws.policy import Policy, compiled
from trunkline.aws.service import Principal
from trunkline.core.clock import Clock
from trunkline.core.db import Database, Tx
from trunkline.core.settings import Settings
from trunkline.services.iam import store
from trunkline.services.iam.model import Holder, User

T = TypeVar("T")
_REMEMBERED = 20_000


class StoredIdentity:
    """Implements `aws.identity.Identity`."""

    def __init__(self, db: Database, settings: Settings, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        account = settings.account
        root = Principal("root", f"arn:aws:iam::{account}:root", account, "root")
        self._root = Credential(settings.root_access_key_id, settings.root_secret_access_key, root)
        self._lock = threading.Lock()
        self._generation = 0
        self._credentials: dict[str, Credential] = {}
        self._grants: dict[tuple[str, str], Grants] = {}
        self._used: dict[str, tuple[float, str, str]] = {}

    def changed(self, tx: Tx) -> None:
        """Every transaction that changes something in IAM says so here: what is remembered is dropped at its commit."""
        tx.after_commit(self._forget)

    def _forget(self) -> None:
        with self._lock:
            self._generation += 1
            self._credentials.clear()
            self._grants.clear()

    def _remember(self, cache: "dict[T, Credential] | dict[T, Grants]", key: T, read: Callable[[], object]) -> object:
        generation = self._generation
        value = read()
        with self._lock:
            # A change that was committed while we read must not leave the old state remembered.
            if value is not None and generation == self._generation:
                if len(cache) >= _REMEMBERED:
                    cache.clear()
                cache[key] = value  # type: ignore[assignment]
        return value

    def credential(self, access_key_id: str) -> Credential | None:
        """The root key, a user's active key, or a session's."""
        found = self._credentials.get(access_key_id)
        if found is not None:
            return found
        if access_key_id == self._root.access_key_id and access_key_id:
            return self._root
        return self._remember(self._credentials, access_key_id, lambda: self._read_credential(access_key_id))  # type: ignore[return-value]

    def _read_credential(self, access_key_id: str) -> Credential | None:
        if access_key_id.startswith("ASIA"):
            session = sessions.find(self._db, access_key_id)
            return None if session is None else session.credential
        key = store.KEYS.get(self._db, access_key_id)
        user = None if key is None else store.USERS.get(self._db, key.account, key.user)
        if key is None or user is None or not key.active:
            return None
        return Credential(access_key_id, key.secret, Principal("user", user.arn, user.id, user.name))

    def grants(self, principal: Principal, access_key_id: str = "") -> Grants:
        """The compiled policies of a principal."""
        key = (principal.arn, access_key_id)
        found = self._grants.get(key)
        if found is not None:
            return found
        return self._remember(self._grants, key, lambda: self._read_grants(principal, access_key_id))  # type: ignore[return-value]

    def _read_grants(self, principal: Principal, access_key_id: str) -> Grants:
        account = principal.arn.split(":", 5)[4]
        session = sessions.find(self._db, access_key_id) if access_key_id.startswith("ASIA") else None
        session_tags = session.tags if session is not None else {}
        if principal.kind == "role":
            role = store.ROLES.get(self._db, account, principal.name.lower())
            # A role made again under the same name is another role: its sessions ended with the old one.
            if role is None or role.id != principal.id.split(":", 1)[0]:
                return Grants(principal.arn)
            tags = {**role.tags, **session_tags}
            return Grants(role.arn, self._policies(role), self._boundary(account, role.boundary), tags)
        name = principal.name if principal.kind == "user" else (session.issuer if session is not None else "")
        if principal.kind == "federated" and name == "":
            return Grants(principal.arn, (_EVERYTHING,), None, session_tags)  # root asked for the federation token
        user = store.USERS.get(self._db, account, name.lower())
        if user is None or (principal.kind == "user" and user.id != principal.id):
            return Grants(principal.arn)
        policies = list(self._policies(user))
        for group_key in user.groups:
            group = store.GROUPS.get(self._db, account, group_key)
            policies += self._policies(group) if group is not None else ()
        tags = {**user.tags, **session_tags}
        arn = user.arn if isinstance(user, User) and principal.kind == "user" else principal.arn
        return Grants(arn, tuple(policies), self._boundary(account, user.boundary), tags)

    def _policies(self, holder: Holder) -> tuple[Policy, ...]:
        managed = (store.policy_or_none(self._db, holder.account, arn) for arn in holder.attached)
        documents = [*holder.inline.values(), *(policy.document for policy in managed if policy is not None)]
        return tuple(compiled(document) for document in documents)

    def _boundary(self, account: str, arn: str) -> Policy | None:
        if not arn:
            return None
        policy = store.policy_or_none(self._db, account, arn)
        return _NOTHING if policy is None else compiled(policy.document)

    def trust(self, role_arn: str) -> Trust | None:
        """The role with this ARN, as those see it who want to assume it."""
        try:
            parsed = arns.parse(role_arn)
        except ValueError:
            return None
        kind, _, path_name = parsed.resource.partition("/")
        if kind != "role" or parsed.service != "iam":
            return None
        role = store.ROLES.get(self._db, parsed.account, path_name.rpartition("/")[2].lower())
        if role is None or role.arn.lower() != role_arn.lower():
            return None
        return Trust(role.arn, role.id, role.name, role.account, compiled(role.trust), role.max_session_s, role.tags)

    def service_credential(self, service: str, user_name: str) -> ServiceCredential | None:
        """The active service-specific credential with this user name."""
        for item in store.CREDENTIALS.find(self._db, user_name=user_name):
            user = store.USERS.get(self._db, item.account, item.user)
            if item.service == service and item.active and user is not None:
                return ServiceCredential(Principal("user", user.arn, user.id, user.name), item.account, item.matches)
        return None

    def note_use(self, access_key_id: str, service: str, region: str) -> None:
        """Remembered in memory; GetAccessKeyLastUsed reads it, and `flush_uses` keeps it over restarts."""
        if not access_key_id.startswith("ASIA"):
            self._used[access_key_id] = (self._clock.time(), service, region)

    def last_use(self, access_key_id: str) -> tuple[float, str, str] | None:
        """When, for which service and where a key was used last, since it was flushed."""
        return self._used.get(access_key_id)

    def take_uses(self) -> dict[str, tuple[float, str, str]]:
        """The uses not yet stored; they are forgotten here."""
        uses, self._used = self._used, {}
        return uses


_NOTHING = compiled('{"Version":"2012-10-17","Statement":[]}')
_EVERYTHING = compiled('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}')
