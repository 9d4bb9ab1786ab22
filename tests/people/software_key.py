"""A device that keeps one passkey: what a browser would send of it (WebAuthn level 2, section 6)."""

import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

HOST = "localhost"
PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40  # flags: somebody was there, it knew who, the key is told
KEY_ID = b"the only key"


class SoftwareKey:
    def __init__(self) -> None:
        self.secret = ec.generate_private_key(ec.SECP256R1())

    def registration(self) -> dict[str, Any]:
        """As it is stored; nobody asks any more what it was an answer to."""
        public = ES256.from_cryptography_key(self.secret.public_key())
        key = AttestedCredentialData.create(b"\0" * 16, KEY_ID, public)
        told = self._authenticator_data(PRESENT | VERIFIED | WITH_KEY, key)
        response = {
            "clientDataJSON": websafe_encode(self._client_data("webauthn.create", "")),
            "attestationObject": websafe_encode(AttestationObject.create("none", told, {})),
        }
        return self._named(response) | {"clientExtensionResults": {"credProps": {"rk": True}}}

    def answer(self, options: dict[str, Any], user_handle: str, *, knows_who: bool = True) -> str:
        """To the question of `options`, by somebody whom the device knows or just sees."""
        flags = PRESENT | VERIFIED if knows_who else PRESENT
        told = self._authenticator_data(flags)
        asked = self._client_data("webauthn.get", options["publicKey"]["challenge"])
        signed = self.secret.sign(told + hashlib.sha256(asked).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": websafe_encode(asked),
            "authenticatorData": websafe_encode(told),
            "signature": websafe_encode(signed),
            "userHandle": websafe_encode(user_handle.encode()),
        }
        return json.dumps(self._named(response))

    def _named(self, response: dict[str, str]) -> dict[str, Any]:
        key_id = websafe_encode(KEY_ID)
        return {"type": "public-key", "id": key_id, "rawId": key_id, "response": response}

    def _client_data(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": f"http://{HOST}", "crossOrigin": False}
        return json.dumps(said).encode()

    def _authenticator_data(self, flags: int, key: Any = b"") -> bytes:
        return AuthenticatorData.create(hashlib.sha256(HOST.encode()).digest(), flags, 0, key)
