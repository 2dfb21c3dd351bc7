"""Taking a request's body in, within limits, and undoing its compression."""

import zlib

from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request

_WIRE_LIMIT = 16 * 1024 * 1024


async def whole_body(request: Request) -> None:
    """Read the body as it was sent into `request.body`."""
    pieces, size = [], 0
    if request.stream is not None:
        async for piece in request.stream:
            size += len(piece)
            if size > _WIRE_LIMIT:
                raise AwsError("RequestEntityTooLarge", "The request body is too large.", status=413)
            pieces.append(piece)
    request.body = b"".join(pieces)
    request.stream = None


def plain(request: Request, limit: int) -> bytes:
    """The body, uncompressed: at most `limit` bytes."""
    encoding = request.headers.get("content-encoding", "identity").lower()
    body = request.body
    if encoding == "gzip":
        unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            body = unpacker.decompress(body, limit + 1)
        except zlib.error as error:
            raise AwsError("InvalidRequestException", "The body is not valid gzip.", status=400) from error
        if len(body) <= limit and not unpacker.eof:
            raise AwsError("InvalidRequestException", "The body's gzip stream is cut off.", status=400)
    elif encoding not in ("identity", "none", ""):
        raise AwsError("InvalidRequestException", f"Content-Encoding {encoding} is not supported: gzip is.", status=415)
    if len(body) > limit:
        raise AwsError("RequestEntityTooLarge", f"The uncompressed body is larger than {limit} bytes.", status=413)
    return body
