"""Key pairs: made here or imported, by which templates name the keys of their machines."""

import asyncio

from trunkline.aws.errors import Refused
from trunkline.aws.service import Call, Doc, operation
from trunkline.aws.tags import pairs
from trunkline.services.ec2 import keys
from trunkline.services.ec2.api.finding import Finding, tags_for
from trunkline.services.ec2.errors import failed, missing
from trunkline.services.ec2.filters import Properties, member, select
from trunkline.services.ec2.model import KeyPair
from trunkline.services.ec2.store import KEY_PAIRS, Edit, View, new_id
from trunkline.services.ec2.store.view import Tags

_KIND = "key-pair"
_NEW = "arn:aws:ec2:{region}:{account}:key-pair/{KeyName}"
_PAIR: Properties = {
    "key-name": member("KeyName"),
    "key-pair-id": member("KeyPairId"),
    "fingerprint": member("KeyFingerprint"),
}
_LONGEST = 255


class KeyPairs(Finding):
    """Everything about them."""

    @operation(_NEW, writes_once=True)
    async def create_key_pair(self, call: Call, req: Doc) -> Doc:
        if req.get("KeyFormat", "pem") != "pem":
            raise Refused("Trunkline gives private keys as PEM only: leave KeyFormat out, or convert with puttygen.")
        type = req.get("KeyType", keys.RSA)
        private, public, fingerprint = await asyncio.to_thread(keys.make, type)
        made = await self._keep(call, req, type, public, fingerprint)
        return {**made, "KeyMaterial": private}

    @operation(_NEW, writes_once=True)
    async def import_key_pair(self, call: Call, req: Doc) -> Doc:
        return await self._keep(call, req, *keys.read(req["PublicKeyMaterial"]))

    async def _keep(self, call: Call, req: Doc, type: str, public: str, fingerprint: str) -> Doc:
        name, tags = req["KeyName"], tags_for(req, _KIND)
        if not name.strip() or len(name) > _LONGEST or not name.isascii():
            raise failed("InvalidParameterValue", f"Value ({name}) for parameter KeyName is invalid.")

        def work(edit: Edit) -> KeyPair:
            if edit.all(KEY_PAIRS, name=name):
                raise failed("InvalidKeyPair.Duplicate", f"The keypair '{name}' already exists.")
            now = self.kit.clock.now()
            made = KeyPair(edit.account, edit.region, new_id("key"), name, type, public, fingerprint, now)
            edit.keep(KEY_PAIRS, made)
            edit.tag(made.id, tags)
            return made

        made = await self.change(call, req, work)
        shown = _described(made, {made.id: tags})
        return {member: shown[member] for member in ("KeyPairId", "KeyName", "KeyFingerprint", "Tags")}

    @operation()
    async def describe_key_pairs(self, call: Call, req: Doc) -> Doc:
        view = await self.view(call, req)
        found = [view.get(KEY_PAIRS, id) for id in req.get("KeyPairIds") or ()]
        found += [_named(view, name) for name in req.get("KeyNames") or ()]
        if not (req.get("KeyPairIds") or req.get("KeyNames")):
            found = view.all(KEY_PAIRS)
        tags = view.tags()
        shown = [_described(one, tags, public=bool(req.get("IncludePublicKey"))) for one in found]
        return {"KeyPairs": select(shown, req.get("Filters"), _PAIR)}

    @operation("arn:aws:ec2:{region}:{account}:key-pair/*", writes_once=True)
    async def delete_key_pair(self, call: Call, req: Doc) -> Doc:
        """A name that is not there is no error."""
        if not req.get("KeyPairId") and not req.get("KeyName"):
            raise missing("KeyName")

        def work(edit: Edit) -> str | None:
            if id := req.get("KeyPairId"):
                found = [edit.get(KEY_PAIRS, id)]
            else:
                found = edit.all(KEY_PAIRS, name=req["KeyName"])
            edit.drop(KEY_PAIRS, *found)
            return found[0].id if found else None

        return {"Return": True, "KeyPairId": await self.change(call, req, work)}


def _named(view: View, name: str) -> KeyPair:
    found = view.all(KEY_PAIRS, name=name)
    if not found:
        raise failed("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")
    return found[0]


def _described(one: KeyPair, tags: Tags, *, public: bool = False) -> Doc:
    return {
        "KeyPairId": one.id,
        "KeyName": one.name,
        "KeyType": one.type,
        "KeyFingerprint": one.fingerprint,
        "PublicKey": one.public_key if public else None,
        "CreateTime": one.created_at,
        "Tags": pairs(tags.get(one.id, {})),
    }
