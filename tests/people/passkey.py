"""A passkey as a browser once sent it: made by a device that Chromium played, at http://localhost."""

from typing import Any

NAME = "small phone"
KEY_ID = "FDYOMa03R-np_Czb7WeAXv0C7wItEiRwdTsJhIH5JEU"
CREDENTIAL: dict[str, Any] = {
    "type": "public-key",
    "id": KEY_ID,
    "rawId": KEY_ID,
    "authenticatorAttachment": "platform",
    "response": {
        "clientDataJSON": (
            "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiNUhMckV5TDBGaENTa3RQQldaTWpxYUp1R3Y1Und0a29L"
            "ejlpc2JrQWY0byIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6MzI5MjciLCJjcm9zc09yaWdpbiI6ZmFsc2V9"
        ),
        "attestationObject": (
            "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVikSZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2NFAAAAAQECAwQF"
            "BgcIAQIDBAUGBwgAIBQ2DjGtN0fp6fws2-1ngF79Au8CLRIkcHU7CYSB-SRFpQECAyYgASFYIO6ZEQYLWxy7npPHd9KzvDYh"
            "jBaM5uYRUjweBD5eSskJIlggBcPIGxqclmJVqoaX2Iwp9DBcvuBW3gJbwjE-v9Qh5c0"
        ),
        "transports": ["internal"],
    },
    "clientExtensionResults": {"credProps": {"rk": True}},
}
DATA = {"name": NAME, "credential": CREDENTIAL}
# Of another question than the one that it is an answer to.
ANSWER: dict[str, Any] = {
    "type": "public-key",
    "id": KEY_ID,
    "rawId": KEY_ID,
    "response": {
        "clientDataJSON": (
            "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiQUFBQSIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3QiLCJj"
            "cm9zc09yaWdpbiI6ZmFsc2V9"
        ),
        "authenticatorData": "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAQ",
        "signature": "AAAA",
        "userHandle": "MQ",
    },
    "clientExtensionResults": {},
}
