"""GetAccountAuthorizationDetails: everything at once, for auditors."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Reader
from trunkline.services.iam import store, views
from trunkline.services.iam.api.part import Part
from trunkline.services.iam.api.policies import usage
from trunkline.services.iam.managed import AWS_POLICIES
from trunkline.services.iam.model import Group, Holder, ManagedPolicy, Role, User

_LISTS = {
    "User": "UserDetailList",
    "Group": "GroupDetailList",
    "Role": "RoleDetailList",
    "Policy": "Policies",
}


class AuthorizationDetailsOperations(Part):
    """GetAccountAuthorizationDetails."""

    @operation()
    async def get_account_authorization_details(self, call: Call, req: Doc) -> Doc:
        wanted = set(req.get("Filter", ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"]))
        attached, boundaries = usage(self._db, call.account)
        found: list[tuple[str, str, Holder | ManagedPolicy]] = [
            (type(item).__name__, item.arn, item)
            for item in store.holders(self._db, call.account)
            if type(item).__name__ in wanted
        ]
        if "LocalManagedPolicy" in wanted:
            found += [("Policy", item.arn, item) for item in store.POLICIES.find(self._db, prefix=(call.account,))]
        if "AWSManagedPolicy" in wanted:
            found += [("Policy", arn, item) for arn, item in AWS_POLICIES.items() if attached[arn]]

        def show(entry: tuple[str, str, Holder | ManagedPolicy]) -> tuple[str, Doc]:
            kind, _, item = entry
            if isinstance(item, ManagedPolicy):
                doc = views.policy(item, attached[item.arn], boundaries[item.arn])
                doc.pop("Tags")
                doc["PolicyVersionList"] = [views.version(v, item.default, document=True) for v in item.versions]
                return kind, doc
            return kind, self._holder(self._db, item)

        page = views.listed("found", found, req, key=lambda entry: entry[1], show=show)
        chosen = page.pop("found")
        for kind, name in _LISTS.items():
            page[name] = [doc for shown_kind, doc in chosen if shown_kind == kind]
        return page

    @staticmethod
    def _holder(reader: Reader, item: Holder) -> Doc:
        inline = [
            {"PolicyName": name, "PolicyDocument": views.encoded(document)} for name, document in item.inline.items()
        ]
        policies = (store.policy_or_none(reader, item.account, arn) for arn in item.attached)
        managed = [{"PolicyName": p.name, "PolicyArn": p.arn} for p in policies if p is not None]
        if isinstance(item, User):
            groups = (store.GROUPS.get(reader, item.account, key) for key in item.groups)
            names = [group.name for group in groups if group is not None]
            doc = {**views.user(item), "UserPolicyList": inline, "GroupList": names}
        elif isinstance(item, Group):
            doc = {**views.group(item), "GroupPolicyList": inline}
        elif isinstance(item, Role):
            profiles = [p for p in store.PROFILES.find(reader, prefix=(item.account,)) if item.key in p.roles]
            doc = {
                **views.role(item),
                "RolePolicyList": inline,
                "InstanceProfileList": [views.profile(p, [item]) for p in profiles],
            }
            doc.pop("Description")
            doc.pop("MaxSessionDuration")
        doc["AttachedManagedPolicies"] = managed
        return doc
