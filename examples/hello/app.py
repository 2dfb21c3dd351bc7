"""A web service so small that the delivery path around it is what one looks at."""

import itertools
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = "1"
FAIL_EVERY = 0  # answer 500 to one request in this many; 0: never

_requests = itertools.count(1)


def answer(path: str) -> tuple[int, str]:
    """The status and the text for a path."""
    if path == "/health":
        return 200, "ok"
    if FAIL_EVERY and next(_requests) % FAIL_EVERY == 0:
        return 500, f"version {VERSION} failed"
    return 200, f"hello from version {VERSION}"


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with keep-alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        status, text = answer(self.path)
        body = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Version", VERSION)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """The load balancer keeps the access log."""


def main() -> None:
    """Serve until SIGTERM."""
    server = ThreadingHTTPServer(("", 8080), Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"hello version {VERSION} listens on port 8080", flush=True)
    server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
