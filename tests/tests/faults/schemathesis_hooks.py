"""Gives every request an Idempotency-Key of its own, in place of a generated one that holds: generated keys occur again and again, and
a key that was used for something else is rightly refused. Keys that are no UUIDs stay as they are."""

import random
import uuid

import schemathesis

keys = random.Random(1)

# Bodies that are texts of their own kind.
schemathesis.serializer.alias(["message/rfc822", "application/toml"], "text/plain")


@schemathesis.hook
def before_call(context, case, kwargs):
    try:
        uuid.UUID(str((case.headers or {})["Idempotency-Key"]))
    except (KeyError, ValueError):
        return
    case.headers["Idempotency-Key"] = str(uuid.UUID(int=keys.getrandbits(128), version=4))
