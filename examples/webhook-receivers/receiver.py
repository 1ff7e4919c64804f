"""Receives Sayso's webhooks with nothing but Python's standard library (3.9 or newer).

    SAYSO_WEBHOOK_SECRET=whsec_... python3 receiver.py 9000

Sayso signs by Standard Webhooks 1.0 (https://www.standardwebhooks.com). Three checks, in this order: the signature belongs to
exactly these bytes, the timestamp is of now, and the message has not been handled before.
"""

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE = 5 * 60  # seconds
LARGEST_BODY = 1024 * 1024


class Refused(Exception):
    """The message is not from Sayso, or not from now."""


def verify(secret, headers, body, now=None):
    """Gives the id of the message if it is genuine; `body` must be the bytes as received, not parsed and written again."""
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    try:
        age = abs((time.time() if now is None else now) - int(timestamp))
    except ValueError:
        raise Refused("webhook-timestamp is not a number") from None
    if not message_id or age > TOLERANCE:
        raise Refused("webhook-id is missing, or webhook-timestamp is too old or too new")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    # While a secret is being replaced there are two signatures, separated by a space.
    for signature in headers.get("webhook-signature", "").split():
        version, _, value = signature.partition(",")
        if version == "v1" and hmac.compare_digest(value.encode(), expected):
            return message_id
    raise Refused("no signature fits")


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length") or 0)
        if not 0 < length <= LARGEST_BODY:
            return self.answer(413)
        body = self.rfile.read(length)
        try:
            message_id = verify(os.environ["SAYSO_WEBHOOK_SECRET"], self.headers, body)
        except Refused as refused:
            return self.answer(401, str(refused))
        # Delivery is at least once, and every repeat has the same id. The id and the work are one transaction, so that a
        # crash between the two leaves neither. Anything but 2xx makes Sayso come again.
        with closing(sqlite3.connect("handled.db", timeout=10)) as database, database:
            database.execute("create table if not exists handled (id text primary key)")
            first = database.execute("insert or ignore into handled (id) values (?)", (message_id,)).rowcount == 1
            if first:
                handle(json.loads(body), database)
        self.answer(204)

    def answer(self, status, text=""):
        body = text.encode()
        self.send_response(status)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def handle(event, database):
    """Your part. Take longer work out of the request: Sayso waits 15 seconds for the answer."""
    case = event["data"]["case"]
    print(event["type"], case["site"], case["kind"], case["status"], case["url"], flush=True)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9000), Receiver).serve_forever()
