"""The links in SNS's messages: the certificate, and pages that confirm or end a subscription. Nobody signs these."""

import asyncio
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from trunkline.aws.errors import AwsError
from trunkline.core import ids
from trunkline.services.sns.api import Api
from trunkline.services.sns.signing import Signer
from trunkline.services.sns.wording import ROUTE

_XMLNS = "http://sns.amazonaws.com/doc/2010-03-31/"


class Pages:
    """The ASGI application of those links."""

    def __init__(self, api: Api, signer: Signer) -> None:
        self._api = api
        self._signer = signer

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        status, kind, body = await self._answer(scope)
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: dict[str, Any]) -> tuple[int, bytes, bytes]:
        page = scope["path"].removeprefix(ROUTE)
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
        if scope["method"] not in ("GET", "HEAD"):
            return 405, b"text/plain", b"only GET\n"
        try:
            if page == "cert.pem":
                return 200, b"application/x-pem-file", await asyncio.to_thread(self._signer.certificate)
            if page == "confirm":
                arn = await self._api.confirm(query.get("TopicArn", ""), query.get("Token", ""))
                inner = f"<SubscriptionArn>{escape(arn)}</SubscriptionArn>"
                return 200, b"text/xml", _xml("ConfirmSubscription", inner)
            if page == "unsubscribe":
                await self._api.end(query.get("SubscriptionArn", ""), unsigned=True)
                return 200, b"text/xml", _xml("Unsubscribe", "")
        except AwsError as error:
            return 400, b"text/plain", f"{error.message}\n".encode()
        return 404, b"text/plain", b"there is no such page\n"


def _xml(operation: str, inner: str) -> bytes:
    result = f"<{operation}Result>{inner}</{operation}Result>" if inner else ""
    metadata = f"<ResponseMetadata><RequestId>{ids.request_id()}</RequestId></ResponseMetadata>"
    return f'<{operation}Response xmlns="{_XMLNS}">{result}{metadata}</{operation}Response>'.encode()
