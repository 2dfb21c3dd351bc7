"""Managed policies and their versions."""

from collections import Counter

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import normalise
from trunkline.core.db import AlreadyExists, Reader, Tx
from trunkline.services.iam import store, views
from trunkline.services.iam.api.part import POLICY, Part
from trunkline.services.iam.documents import managed_document
from trunkline.services.iam.managed import AWS_POLICIES
from trunkline.services.iam.model import QUOTA_POLICY_VERSIONS, ManagedPolicy, PolicyVersion, unique_id


class PolicyOperations(Part):
    """CreatePolicy and its like."""

    @operation("arn:aws:iam::{account}:policy/{PolicyName}")
    async def create_policy(self, call: Call, req: Doc) -> Doc:
        name, path, now = req["PolicyName"], req.get("Path", "/"), self._clock.now()
        created = ManagedPolicy(
            account=call.account,
            arn=f"arn:aws:iam::{call.account}:policy{path}{name}",
            name=name,
            path=path,
            id=unique_id("ANPA"),
            description=req.get("Description", ""),
            created=now,
            updated=now,
            versions=[PolicyVersion("v1", managed_document(req["PolicyDocument"]), now)],
            tags=normalise(req.get("Tags"), error="InvalidInput", too_many="LimitExceeded"),
        )
        taken = AwsError(
            "EntityAlreadyExists", f"A policy called {name} already exists. Duplicate names are not allowed."
        )

        def write(tx: Tx) -> None:
            others = store.POLICIES.find(tx, prefix=(call.account,))
            if any(other.name.lower() == name.lower() for other in others):
                raise taken
            try:
                store.POLICIES.insert(tx, created)
            except AlreadyExists:
                raise taken from None

        await self._change(write)
        return {"Policy": views.policy(created, 0, 0)}

    @operation(POLICY)
    async def get_policy(self, call: Call, req: Doc) -> Doc:
        item = store.policy(self._db, call.account, req["PolicyArn"])
        attached, boundaries = usage(self._db, call.account)
        return {"Policy": views.policy(item, attached[item.arn], boundaries[item.arn])}

    @operation("arn:aws:iam::{account}:policy/*")
    async def list_policies(self, call: Call, req: Doc) -> Doc:
        scope = req.get("Scope", "All")
        within = views.below(req.get("PathPrefix"))
        attached, boundaries = usage(self._db, call.account)
        used = boundaries if req.get("PolicyUsageFilter") == "PermissionsBoundary" else attached
        own = [] if scope == "AWS" else store.POLICIES.find(self._db, prefix=(call.account,))
        theirs = [] if scope == "Local" else AWS_POLICIES.values()
        found = [
            item for item in (*own, *theirs) if within(item.path) and (used[item.arn] or not req.get("OnlyAttached"))
        ]

        def show(item: ManagedPolicy) -> Doc:
            return views.policy(item, attached[item.arn], boundaries[item.arn], brief=True)

        return views.listed("Policies", found, req, key=lambda i: i.arn, show=show)

    @operation(POLICY)
    async def delete_policy(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = store.own_policy(tx, call.account, req["PolicyArn"])
            attached, boundaries = usage(tx, call.account)
            if attached[item.arn] or boundaries[item.arn]:
                raise AwsError("DeleteConflict", "Cannot delete a policy attached to entities.")
            if len(item.versions) > 1:
                raise AwsError(
                    "DeleteConflict",
                    "This policy has more than one version. Before you delete a policy, you must delete the policy's "
                    "versions. The default version is deleted with the policy.",
                )
            store.POLICIES.delete(tx, call.account, item.arn)

        await self._change(write)

    @operation(POLICY)
    async def create_policy_version(self, call: Call, req: Doc) -> Doc:
        document = managed_document(req["PolicyDocument"])
        now = self._clock.now()

        def write(tx: Tx) -> tuple[ManagedPolicy, PolicyVersion]:
            item = store.own_policy(tx, call.account, req["PolicyArn"])
            if len(item.versions) >= QUOTA_POLICY_VERSIONS:
                raise AwsError(
                    "LimitExceeded",
                    f"A managed policy can have up to {QUOTA_POLICY_VERSIONS} versions. Before you create a new "
                    f"version, "
                    "you must delete an existing version.",
                )
            item.latest += 1
            version = PolicyVersion(f"v{item.latest}", document, now)
            item.versions.append(version)
            item.updated = now
            if req.get("SetAsDefault"):
                item.default = version.id
            store.POLICIES.put(tx, item)
            return item, version

        item, version = await self._change(write)
        return {"PolicyVersion": views.version(version, item.default)}

    @operation(POLICY)
    async def get_policy_version(self, call: Call, req: Doc) -> Doc:
        item = store.policy(self._db, call.account, req["PolicyArn"])
        return {"PolicyVersion": views.version(_version(item, req["VersionId"]), item.default, document=True)}

    @operation(POLICY)
    async def list_policy_versions(self, call: Call, req: Doc) -> Doc:
        item = store.policy(self._db, call.account, req["PolicyArn"])
        versions = sorted(item.versions, key=_number, reverse=True)
        return views.listed(
            "Versions",
            versions,
            req,
            key=lambda v: f"{999_999 - _number(v):06}",
            show=lambda v: views.version(v, item.default),
        )

    @operation(POLICY)
    async def set_default_policy_version(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = store.own_policy(tx, call.account, req["PolicyArn"])
            item.default = _version(item, req["VersionId"]).id
            item.updated = self._clock.now()
            store.POLICIES.put(tx, item)

        await self._change(write)

    @operation(POLICY)
    async def delete_policy_version(self, call: Call, req: Doc) -> None:
        def write(tx: Tx) -> None:
            item = store.own_policy(tx, call.account, req["PolicyArn"])
            version = _version(item, req["VersionId"])
            if version.id == item.default:
                raise AwsError("DeleteConflict", "Cannot delete the default version of a policy.")
            item.versions.remove(version)
            store.POLICIES.put(tx, item)

        await self._change(write)

    @operation(POLICY)
    async def list_entities_for_policy(self, call: Call, req: Doc) -> Doc:
        item = store.policy(self._db, call.account, req["PolicyArn"])
        as_boundary = req.get("PolicyUsageFilter") == "PermissionsBoundary"
        within = views.below(req.get("PathPrefix"))
        wanted = req.get("EntityFilter")
        found: list[tuple[str, Doc]] = []
        for holder in store.holders(self._db, call.account):
            kind = type(holder).__name__
            names = [getattr(holder, "boundary", "")] if as_boundary else holder.attached
            if item.arn in names and within(holder.path) and wanted in (None, kind):
                found.append((kind, {f"{kind}Name": holder.name, f"{kind}Id": holder.id}))
        page = views.listed("found", found, req, key=lambda f: f[0] + str(f[1]), show=lambda f: f)
        chosen = page.pop("found")
        for kind in ("Group", "User", "Role"):
            page[f"Policy{kind}s"] = [doc for found_kind, doc in chosen if found_kind == kind]
        return page


def usage(reader: Reader, account: str) -> tuple[Counter[str], Counter[str]]:
    """How often each policy is attached, and used as a boundary."""
    holders = store.holders(reader, account)
    attached = Counter(arn for holder in holders for arn in holder.attached)
    boundaries = Counter(arn for holder in holders if (arn := getattr(holder, "boundary", "")))
    return attached, boundaries


def _version(item: ManagedPolicy, version_id: str) -> PolicyVersion:
    found = item.version(version_id)
    if found is None:
        raise AwsError("NoSuchEntity", f"Policy {item.arn} version {version_id} does not exist or is not attachable.")
    return found


def _number(version: PolicyVersion) -> int:
    return int(version.id[1:])
