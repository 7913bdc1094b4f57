"""A small HTTP server: a table of routes in front of http.server, JSON or HTML out, and an orderly end."""

import json
import os
import signal
import socketserver
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

MAX_BODY = 64 * 1024


@dataclass
class Request:
    method: str
    path: str
    cookies: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def form(self) -> dict[str, str]:
        """The fields of an HTML form, the last value of each."""
        fields = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[-1] for name, values in fields.items()}


@dataclass
class Response:
    body: str
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


def as_json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, "application/json")


def see_other(place: str, headers: dict[str, str] | None = None) -> Response:
    return Response("", 303, headers={"Location": place, **(headers or {})})


Answer = Callable[[Request], Response]


class Server(ThreadingHTTPServer):
    """`answer` serves a request, `sorry` when that fails; `tick` is called about once a second."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, answer: Answer, sorry: Answer, tick: Callable[[], None] = lambda: None) -> None:
        self.answer = answer
        self.sorry = sorry
        self.service_actions = tick
        # Only a cluster's network is a private one; anywhere else nobody but this machine is meant to come in.
        everywhere = "KUBERNETES_SERVICE_HOST" in os.environ
        super().__init__(("0.0.0.0" if everywhere else "127.0.0.1", port), Handler)

    def server_bind(self) -> None:
        # HTTPServer's own asks the DNS for the machine's name, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        # People who close their browser while a page loads are no news.
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            traceback.print_exc()


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "Kelp"
    sys_version = ""
    timeout = 60
    # One packet per small answer instead of two that wait for each other.
    wbufsize = -1
    disable_nagle_algorithm = True

    def answer_it(self) -> None:
        request = Request(self.command, unquote(urlsplit(self.path).path), self._cookies())
        size = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not size.isdecimal() or int(size) > MAX_BODY:
            self.close_connection = True
            self._send(Response("A shop reads short letters of known length only.\n", 411, "text/plain"))
            return
        request.body = self.rfile.read(int(size))
        try:
            response = self.server.answer(request)
        except Exception:
            traceback.print_exc()
            response = self.server.sorry(request)
        self._send(response)

    do_GET = do_HEAD = do_POST = answer_it

    def _cookies(self) -> dict[str, str]:
        pairs = (pair.strip().partition("=") for pair in (self.headers.get("Cookie") or "").split(";"))
        return {name: unquote(value) for name, _, value in pairs if name}

    def _send(self, response: Response) -> None:
        body = response.body.encode()
        self.send_response(response.status)
        self.send_header("Content-Type", response.kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        if urlsplit(self.path).path != "/healthz":
            print(format % args, flush=True)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        self.log_message("%s %s %s", self.command, self.path, int(code))


def serve(name: str, make: Callable[[int], Server]) -> None:
    """Serve until SIGTERM, or until a tick raises."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with make(int(os.environ.get("PORT") or 8080)) as server:
        print(f"{name} listens on port {server.server_port}", flush=True)
        server.serve_forever(poll_interval=1.0)
