"""`git clone http://HOST/v1/repos/NAME`: who is it, may they, and then git's own smart HTTP protocol."""

import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote

from trunkline.aws.audit import identity
from trunkline.aws.service import Caller, Kit
from trunkline.core.log import get
from trunkline.engines.git.interface import Git, GitError, RefUpdate
from trunkline.services.codecommit import store
from trunkline.services.codecommit.credentials import Credentials
from trunkline.services.codecommit.model import Repository

log = get(__name__)
PREFIX = "/v1/repos/"
_PATH = re.compile(r"/v1/repos/(?P<name>[\w.-]{1,104})/(?P<point>info/refs|git-upload-pack|git-receive-pack)")
_ACTIONS = {"git-upload-pack": "codecommit:GitPull", "git-receive-pack": "codecommit:GitPush"}

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class GitHttp:
    """The ASGI application below /v1/repos/."""

    def __init__(self, kit: Kit, git: Git) -> None:
        self._kit = kit
        self._git = git
        self._credentials = Credentials(kit)

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[MutableMapping[str, Any]]], send: Send
    ) -> None:
        found = _PATH.fullmatch(unquote(scope["raw_path"].decode("latin-1")))
        point = found["point"] if found else ""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        service = query.get("service", [""])[0] if point == "info/refs" else point
        if found is None or service not in _ACTIONS or scope["method"] != ("GET" if point == "info/refs" else "POST"):
            await _say(send, 404, "There is nothing here for git; only the smart HTTP protocol is served.")
            return
        name = found["name"].removesuffix(".git")
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        caller = self._credentials.caller(headers, found["name"], (scope.get("client") or ("", 0))[0])
        if caller is None:
            challenge = (b"www-authenticate", b'Basic realm="Trunkline CodeCommit"')
            await _say(send, 401, "The credentials are missing, wrong or expired.", challenge)
            return
        arn = f"arn:aws:codecommit:{caller.region}:{caller.account}:{name}"
        decision = self._kit.call.authorizer.decide(caller, _ACTIONS[service], (arn,))
        if not decision.allowed:
            await _say(send, 403, decision.message)
            return
        repository = store.REPOSITORIES.get(self._kit.db, caller.account, caller.region, name)
        if repository is None:
            await _say(send, 404, f"{name} does not exist in {caller.region}.")
            return
        try:
            if point == "info/refs":
                await self._git.advertise(repository.id, service, headers, send)
            elif service == "git-upload-pack":
                await self._git.fetch(repository.id, headers, receive, send)
            else:
                await self._push(repository, caller, headers, receive, send)
        except GitError as error:
            log.warning("git failed", repository=repository.name, service=service, error=error)
            await _say(send, 400, str(error))

    async def _push(
        self,
        repository: Repository,
        caller: Caller,
        headers: dict[str, str],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Send,
    ) -> None:
        async def allow(updates: Sequence[RefUpdate]) -> str | None:
            """Policies that protect branches name them by the condition key codecommit:References."""
            for update in updates:
                key = {"codecommit:References": update.name}
                decision = self._kit.call.authorizer.decide(caller, "codecommit:GitPush", (repository.arn,), key)
                if not decision.allowed:
                    return f"not authorized to push to {update.name}"
            return None

        context = {
            "arn": caller.principal.arn,
            "push": {
                "userIdentity": identity(caller),
                "sourceIPAddress": caller.source_ip,
                "userAgent": caller.user_agent,
                "requestID": caller.request_id,
            },
        }
        await self._git.push(repository.id, headers, receive, send, context=context, allow=allow)


async def _say(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    body = f"{text}\n".encode()
    every = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": every})
    await send({"type": "http.response.body", "body": body})
