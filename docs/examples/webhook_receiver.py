"""A receiver of webhooks: it checks the signature, counts each id once, and prints what happened. Needs
nothing but Python: `RECEIVER_SECRET=whsec_… python webhook_receiver.py [PORT]`."""

import base64, hashlib, hmac, json, os, sys, time  # noqa: E401, I001  # twenty lines
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["RECEIVER_SECRET"].removeprefix("whsec_"))
SEEN: set[str] = set()  # a real one keeps them as long as deliveries are tried again


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 to what it has taken, 401 to what nobody vouches for."""

    def do_POST(self) -> None:
        """Take one delivery."""
        body = self.rfile.read(int(self.headers["content-length"]))
        name, sent = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        own = base64.b64encode(hmac.digest(KEY, f"{name}.{sent}.".encode() + body, hashlib.sha256)).decode()
        signatures = [one.removeprefix("v1,") for one in self.headers["webhook-signature"].split()]
        genuine = (
            any(hmac.compare_digest(own, one) for one in signatures) and abs(time.time() - int(sent)) < 300
        )
        if genuine and name not in SEEN:
            SEEN.add(name)
            event = json.loads(body)
            print(event["type"], event["data"]["text"], flush=True)  # noqa: T201  # its output
        self.send_response(204 if genuine else 401)
        self.end_headers()


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if sys.argv[1:] else 8099), Receiver).serve_forever()
