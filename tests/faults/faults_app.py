"""The application that is broken: one process, four pages, some configuration, some data. And how pages are broken.

Each page needs something else: `front` LIMIT, `account` MAIL, `cart` what is stored, `pay` whoever PAYMENTS names.
"""

from collections.abc import Mapping

PAGES = {
    "front": "import os\n\n\ndef page():\n    limit = int(os.environ['LIMIT'])\n"
    "    return f\"Welcome, {os.environ['GREETING']}. At most {limit} each.\"\n",
    "account": "import os\n\nWAYS = {'smtp': 'by mail', 'none': 'here'}\n\n\ndef page():\n"
    "    return f\"Sign in {WAYS[os.environ['MAIL']]}\"\n",
    "cart": "import json\nimport os\n\nROWS = os.environ['OCTOPOD_VOLUME_DATA'] + '/rows'\n\n\ndef page():\n"
    "    rows = [json.loads(line) for line in open(ROWS)] if os.path.exists(ROWS) else []\n"
    "    return f\"{sum(row['cents'] for row in rows)} cents in {len(rows)} rows\"\n",
    "pay": "import os\nfrom http.client import HTTPConnection\n\n\ndef page():\n"
    "    where = os.environ['PAYMENTS']\n    if where == 'none':\n        return 'Nothing is to be paid.'\n"
    "    connection = HTTPConnection(where.removeprefix('http://'), timeout=1)\n"
    "    connection.request('GET', '/')\n    return connection.getresponse().read().decode()\n",
}
SERVER = """\
import collections, http.server, json, os, traceback
import account, cart, front, pay

PAGES = {"/": front, "/account": account, "/cart": cart, "/pay": pay}
asked = collections.Counter()
OWN = {
    "/healthz": lambda: "ok",
    "/pid": lambda: str(os.getpid()),
    "/asked": lambda: json.dumps(asked),
    "/commit": lambda: os.environ["OCTOPOD_COMMIT"],
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if "octopod" in self.headers.get("User-Agent", ""):
            asked[self.path] += 1
        try:
            self.answer(200, OWN[self.path]() if self.path in OWN else PAGES[self.path].page())
        except Exception:
            traceback.print_exc()
            self.answer(500, "This is our fault.")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/exit":
            print("asked to end", flush=True)
            os._exit(int(body))
        with open(cart.ROWS, "a") as rows:
            rows.write(body + "\\n")
        self.answer(201, "stored")

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
MANIFESTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
        - name: app
          command: [python, app.py]
          env: [{name: OCTOPOD_COMMIT, value: "${commit}"}]
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 1}
          volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
---
apiVersion: v1
kind: Service
metadata: {name: app}
spec: {selector: {app: app}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: app}
spec:
  rules:
    - host: "${host.web}"
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: app, port: {number: 80}}}}]}
"""
FILES: Mapping[str, str] = {
    "app.py": SERVER,
    "deploy/app.yaml": MANIFESTS,
    **{f"{name}.py": text for name, text in PAGES.items()},
}
CHECKS = {"front": "/", "account": "/account", "cart": "/cart", "pay": "/pay"}
YAML = """\
  {project}:
    repo: {repository}
    baseline: {baseline}
    source: {{manifests: deploy}}
    hosts: {{web: "${{staging}}.{project}.localhost"}}
    scheme: http
    channel: stagings
    alerts: stagings-alerts
    url_probe: {{path: /healthz}}
    witnesses: {witnesses}
    env: {{GREETING: friend, LIMIT: "10", MAIL: smtp, PAYMENTS: none}}
    profiles:
      bulk: {{env: {{LIMIT: many}}}}
      pigeons: {{env: {{MAIL: pigeon, GREETING: coo}}}}
    health_checks:
      - {{name: front, path: /, contains: Welcome, seconds: 2}}
      - {{name: account, path: /account, contains: Sign in, seconds: 2}}
      - {{name: cart, path: /cart, seconds: 2}}
      - {{name: pay, path: /pay, seconds: 2}}
"""
SOUND = {"LIMIT": "25", "MAIL": "none", "GREETING": "stranger"}
UNSOUND = {"LIMIT": "many", "MAIL": "pigeon"}
"""Values of keys with which all is well, and those with which a page fails."""
ODD_ROW = '{"cents": null}'


def tidied(text: str, note: str) -> str:
    """The same page, by another commit."""
    return f"{text}\n# {note}\n"


def ways(page: str) -> list[str]:
    """In which the page can be broken."""
    return ["raises", "slow", "gone", *(["other words"] if page in ("front", "account") else [])]


def broken(text: str, how: str) -> str:
    """The page after somebody's mistake."""
    start = "def page():\n"
    match how:
        case "raises":
            return text.replace(start, f"{start}    raise RuntimeError('not like this')\n")
        case "slow":
            return text.replace(start, f"{start}    import time\n    time.sleep(3)\n")
        case "gone":
            return text.replace(start, "def site():\n")
        case _:
            return text.replace("Welcome", "Hi").replace("Sign in", "Enter")
