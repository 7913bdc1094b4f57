"""The kiosk of Kelp & Co.: one page, one file, and no manifests of its own. Python's standard library only."""

import os
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GREETING = "Kelp to go."


class Kiosk(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        payments = escape(os.environ.get("PAYMENTS", "no"))
        body = f"<!doctype html><title>Kiosk</title><h1>{GREETING}</h1><p>We take {payments} payments.</p>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    # Only a cluster's network is a private one; anywhere else nobody but this machine is meant to come in.
    host = "0.0.0.0" if "KUBERNETES_SERVICE_HOST" in os.environ else "127.0.0.1"
    ThreadingHTTPServer((host, int(os.environ.get("PORT", "8080"))), Kiosk).serve_forever()
