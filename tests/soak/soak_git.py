"""The team's git host: the example repository over smart HTTP, until it is out of order."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit


class GitHost:
    """`trouble`: what everybody is told instead, as an HTTP status; 0: nothing is wrong."""

    def __init__(self, root: Path, port: int) -> None:
        self.root, self.trouble = root, 0
        self.url = f"http://127.0.0.1:{port}/shop.git"

    def answer(self, asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers.get("Content-Length", 0)))
        if self.trouble:
            asked.send_error(self.trouble)
            return
        head, _, content = self._backend(asked, body).partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        asked.send_response(int(headers.pop("Status", "200")[:3]))
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            asked.send_header(name, value)
        asked.end_headers()
        asked.wfile.write(content)

    def _backend(self, asked: BaseHTTPRequestHandler, body: bytes) -> bytes:
        parts = urlsplit(asked.path)
        environ = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "REQUEST_METHOD": str(asked.command),
            "CONTENT_TYPE": asked.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": asked.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": asked.headers.get("Git-Protocol", ""),
        }
        command = ["git", "http-backend"]
        return subprocess.run(command, env=environ, input=body, capture_output=True, check=True, timeout=30).stdout


@contextmanager
def serving(root: Path) -> Iterator[GitHost]:
    """`root`: the folder in which shop.git is."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host.answer(self)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        host = GitHost(root, server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()
