"""What the app on a phone does: RFC 6238 (TOTP) over RFC 4226 (HOTP), written apart from what is tested."""

import base64
import hashlib
import hmac
import time

PERIOD = 30  # seconds


def code_for(key: str, *, periods_later: int = 0) -> str:
    """Six digits, for a key in base 32, as the app shows them now or some periods from now."""
    counter = int(time.time()) // PERIOD + periods_later
    digest = hmac.digest(base64.b32decode(key), counter.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
