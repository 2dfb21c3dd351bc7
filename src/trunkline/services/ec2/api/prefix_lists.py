"""Prefix lists: AWS's own, and those that customers manage."""

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.ec2 import blocks, managed
from trunkline.services.ec2.api.finding import Finding, paged, tags_for
from trunkline.services.ec2.described import links
from trunkline.services.ec2.errors import bad_value, failed, invalid
from trunkline.services.ec2.filters import Properties, member, select
from trunkline.services.ec2.model import PrefixList, PrefixListEntry
from trunkline.services.ec2.store import GROUPS, PREFIX_LISTS, ROUTE_TABLES, Edit, View, new_id
from trunkline.services.ec2.store.view import missing as no_record

_LIST: Properties = {
    "owner-id": member("OwnerId"),
    "prefix-list-id": member("PrefixListId"),
    "prefix-list-name": member("PrefixListName"),
}
_ONE = "arn:aws:ec2:{region}:{account}:prefix-list/{PrefixListId}"
_MOST = 1000


class PrefixLists(Finding):
    """Everything about them."""

    @operation()
    async def describe_managed_prefix_lists(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        tags = view.tags()
        items = [links.managed_list(one, call.region) for one in managed.prefix_lists(call.region)]
        items += [links.prefix_list(one, tags) for one in view.all(PREFIX_LISTS)]
        found = select(_named(items, req), req.get("Filters"), _LIST)
        return paged(req, found, member="PrefixLists", id_member="PrefixListId")

    @operation()
    async def describe_prefix_lists(self, call: Call, req: Doc) -> Doc:
        """The older operation, which knows AWS's own lists only."""
        await self.view(call, req)
        items = [
            {"PrefixListId": one.id, "PrefixListName": one.name, "Cidrs": list(one.cidrs)}
            for one in managed.prefix_lists(call.region)
        ]
        found = select(_named(items, req), req.get("Filters"), _LIST)
        return paged(req, found, member="PrefixLists", id_member="PrefixListId")

    @operation(_ONE)
    async def get_managed_prefix_list_entries(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        own = managed.prefix_list(call.region, req["PrefixListId"])
        if own is not None:
            items: list[Doc] = [{"Cidr": cidr} for cidr in own.cidrs]
            return paged(req, items, member="Entries", id_member="Cidr")
        one = view.get(PREFIX_LISTS, req["PrefixListId"])
        version = req.get("TargetVersion", one.version)
        if not 1 <= version <= one.version:
            raise failed("PrefixListVersionMismatch", f"The prefix list has no version {version}.")
        items = [{"Cidr": entry.cidr, "Description": entry.description or None} for entry in one.versions[version - 1]]
        return paged(req, items, member="Entries", id_member="Cidr")

    @operation(_ONE)
    async def get_managed_prefix_list_associations(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        items = [{"ResourceId": id, "ResourceOwner": call.account} for id in _users(view, req["PrefixListId"])]
        return paged(req, items, member="PrefixListAssociations", id_member="ResourceId")

    @operation("arn:aws:ec2:{region}:{account}:prefix-list/*", writes_once=True)
    async def create_managed_prefix_list(self, call: Call, req: Doc) -> Doc:
        family, name, most = req["AddressFamily"], req["PrefixListName"], req["MaxEntries"]
        if family not in ("IPv4", "IPv6"):
            raise bad_value(family, "AddressFamily")
        if not 1 <= most <= _MOST:
            raise bad_value(most, "MaxEntries", f"A prefix list has from 1 to {_MOST} entries.")
        if name.startswith("com.amazonaws"):
            raise bad_value(name, "PrefixListName", "The name cannot start with com.amazonaws.")
        entries = _entries(req.get("Entries") or [], family)
        if len(entries) > most:
            raise failed("PrefixListMaxEntriesExceeded", f"The prefix list has room for {most} entries.")
        tags = tags_for(req, "prefix-list")

        def work(edit: Edit) -> list[str]:
            made = PrefixList(edit.account, edit.region, new_id("pl"), name, family, most, [entries])
            edit.keep(PREFIX_LISTS, made)
            edit.tag(made.id, tags)
            return [made.id]

        (id,) = await self.make(call, req, work)
        view = self.after(call)
        return {"PrefixList": links.prefix_list(view.get(PREFIX_LISTS, id), view.tags([id]))}

    @operation(_ONE, writes_once=True)
    async def modify_managed_prefix_list(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> PrefixList:
            one = _own(edit, req["PrefixListId"])
            one.state = "modify-complete"
            one.name = req.get("PrefixListName", one.name)
            if "MaxEntries" in req:
                if {"AddEntries", "RemoveEntries"} & req.keys():
                    raise failed("InvalidRequest", "MaxEntries and the entries cannot be changed in the same request.")
                if req["MaxEntries"] < len(one.entries):
                    raise invalid("MaxEntries cannot be less than the number of entries.")
                one.max_entries = req["MaxEntries"]
            if {"AddEntries", "RemoveEntries"} & req.keys():
                _check_version(one, req.get("CurrentVersion"))
                one.versions.append(_changed(one, req))
                _touch(edit, one.id)
            edit.keep(PREFIX_LISTS, one)
            return one

        one = await self.change(call, req, work)
        return {"PrefixList": links.prefix_list(one, self.after(call).tags([one.id]))}

    @operation(_ONE, writes_once=True)
    async def restore_managed_prefix_list_version(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> PrefixList:
            one = _own(edit, req["PrefixListId"])
            _check_version(one, req["CurrentVersion"])
            if not 1 <= req["PreviousVersion"] <= one.version:
                raise failed("PrefixListVersionMismatch", f"The prefix list has no version {req['PreviousVersion']}.")
            one.versions.append(one.versions[req["PreviousVersion"] - 1])
            one.state = "restore-complete"
            edit.keep(PREFIX_LISTS, one)
            _touch(edit, one.id)
            return one

        one = await self.change(call, req, work)
        return {"PrefixList": links.prefix_list(one, self.after(call).tags([one.id]))}

    @operation(_ONE, writes_once=True)
    async def delete_managed_prefix_list(self, call: Call, req: Doc) -> Doc:
        def work(edit: Edit) -> PrefixList:
            one = _own(edit, req["PrefixListId"])
            if _users(edit, one.id):
                raise failed("DependencyViolation", f"The prefix list '{one.id}' is referenced by other resources.")
            edit.drop(PREFIX_LISTS, one)
            one.state = "delete-in-progress"
            return one

        return {"PrefixList": links.prefix_list(await self.change(call, req, work), {})}


def _named(items: list[Doc], req: Doc) -> list[Doc]:
    wanted = req.get("PrefixListIds")
    if not wanted:
        return items
    by_id = {item["PrefixListId"]: item for item in items}
    for id in wanted:
        if id not in by_id:
            raise no_record(PREFIX_LISTS, id)
    return [by_id[id] for id in dict.fromkeys(wanted)]


def _own(edit: Edit, id: str) -> PrefixList:
    if managed.prefix_list(edit.region, id) is not None:
        raise failed("UnauthorizedOperation", f"The prefix list {id} is managed by AWS.")
    return edit.get(PREFIX_LISTS, id)


def _entries(given: list[Doc], family: str) -> list[PrefixListEntry]:
    parse = blocks.v4 if family == "IPv4" else blocks.v6
    found = [PrefixListEntry(str(parse(one["Cidr"], "cidr")), one.get("Description", "")) for one in given]
    if len({one.cidr for one in found}) < len(found):
        raise invalid("The request contains the same CIDR more than once.")
    return found


def _changed(one: PrefixList, req: Doc) -> list[PrefixListEntry]:
    gone = {entry.cidr for entry in _entries(req.get("RemoveEntries") or [], one.family)}
    added = _entries(req.get("AddEntries") or [], one.family)
    known = {entry.cidr for entry in one.entries}
    for cidr in gone - known:
        raise invalid(f"The prefix list has no entry {cidr}.")
    replaced = {entry.cidr for entry in added}
    kept = [entry for entry in one.entries if entry.cidr not in gone | replaced]
    if len(kept) + len(added) > one.max_entries:
        raise failed("PrefixListMaxEntriesExceeded", f"The prefix list has room for {one.max_entries} entries.")
    return kept + added


def _check_version(one: PrefixList, current: int | None) -> None:
    if current is not None and current != one.version:
        words = f"The prefix list has the incorrect version number. It is {one.version}, not {current}."
        raise failed("PrefixListVersionMismatch", words)


def _users(view: View, id: str) -> list[str]:
    """Groups and route tables that name the list."""
    groups = [one.id for one in view.all(GROUPS) if any(rule.peer == id for rule in one.rules)]
    return groups + [one.id for one in view.all(ROUTE_TABLES) if any(route.destination == id for route in one.routes)]


def _touch(edit: Edit, id: str) -> None:
    """The VPCs whose rules and routes mean something else now."""
    users = set(_users(edit, id))
    vpcs = {one.vpc_id for one in edit.all(GROUPS) if one.id in users}
    for vpc_id in vpcs | {one.vpc_id for one in edit.all(ROUTE_TABLES) if one.id in users}:
        edit.touch(vpc_id)
