"""Signing in and out, addresses and passwords: a person's own account and nobody else's."""

from collections.abc import Callable

from django.urls import reverse

from tests.clipweb.addresses.asking import SIGN_IN, Ask, by_owner, everyone, none_at_all, owner, signed_in
from tests.clipweb.addresses.everybodys import at
from tests.clipweb.addresses.world import OUTSIDE, World
from tests.conftest import PASSWORD

NEW_PASSWORD = {"password1": "another horse", "password2": "another horse"}


def entrance(role: str, state: str) -> int:
    """A page for who is not signed in; others are led on."""
    return 200 if role in OUTSIDE else 302


TABLE = {
    "account_login": [Ask(at("account_login"), entrance)],
    "account_signup": [Ask(at("account_signup"), entrance)],
    "account_logout": [
        Ask(at("account_logout"), lambda role, state: 302 if role in OUTSIDE else 200),
        Ask(at("account_logout"), everyone(302), "post"),
    ],
    "account_inactive": [Ask(at("account_inactive"), everyone())],
    "account_reauthenticate": [Ask(at("account_reauthenticate"), signed_in())],
    "account_email": [
        Ask(at("account_email"), signed_in(), shows=none_at_all),
        Ask(
            at("account_email"),
            signed_in(302),
            "post",
            lambda *_: {"email": "owner@example.org", "action_primary": ""},
        ),
    ],
    "account_email_verification_sent": [Ask(at("account_email_verification_sent"), everyone())],
    "account_change_password": [
        Ask(at("account_change_password"), signed_in()),
        Ask(
            at("account_change_password"),
            signed_in(302),
            "post",
            lambda *_: NEW_PASSWORD | {"oldpassword": PASSWORD},
            changes=by_owner,
        ),
    ],
    "account_set_password": [Ask(at("account_set_password"), signed_in(302))],  # they have one
    "account_reset_password": [
        Ask(at("account_reset_password"), everyone()),
        Ask(at("account_reset_password"), everyone(302), "post", lambda *_: {"email": "a@example.org"}),
    ],
    "account_reset_password_done": [Ask(at("account_reset_password_done"), everyone())],
    "account_reset_password_from_key": [
        Ask(at("account_reset_password_from_key", "1", "guessed"), everyone()),
        Ask(
            at("account_reset_password_from_key", "1", "guessed"),
            everyone(),
            "post",
            lambda *_: NEW_PASSWORD,
        ),
    ],
    "account_reset_password_from_key_done": [Ask(at("account_reset_password_from_key_done"), everyone())],
    "account_confirm_login_code": [Ask(at("account_confirm_login_code"), signed_in(302))],
    "account_confirm_email": [
        Ask(at("account_confirm_email", "guessed"), everyone()),
    ],
}

# The owner has a second factor, and nobody else.
OWN_ONLY = owner(others=404)


def codes(role: str, state: str) -> set[str]:
    return {"codes"} if role == "owner" else set()


def passkeys(role: str, state: str) -> set[str]:
    return {"passkeys"} if role == "owner" else set()


def of_passkey(name: str) -> Callable[[World, str], str]:
    return lambda world, state: reverse(name, args=[world.things["passkey"].pk])


SECOND_FACTOR = {
    "mfa_index": [Ask(at("mfa_index"), signed_in())],
    "mfa_authenticate": [  # nobody is halfway through signing in
        Ask(at("mfa_authenticate"), signed_in(302)),
        Ask(at("mfa_authenticate"), signed_in(302), "post", lambda *_: {"code": "123456"}),
    ],
    "mfa_reauthenticate": [
        Ask(at("mfa_reauthenticate"), owner(others=SIGN_IN)),  # by password, for others
    ],
    "mfa_activate_totp": [
        Ask(at("mfa_activate_totp"), owner(302, others=200)),
        Ask(at("mfa_activate_totp"), owner(302, others=200), "post", lambda *_: {"code": "12345"}),
    ],
    "mfa_deactivate_totp": [
        Ask(at("mfa_deactivate_totp"), OWN_ONLY),
        Ask(at("mfa_deactivate_totp"), owner(302), "post", changes=by_owner),
    ],
    "mfa_view_recovery_codes": [Ask(at("mfa_view_recovery_codes"), OWN_ONLY, opens=codes)],
    "mfa_download_recovery_codes": [
        Ask(at("mfa_download_recovery_codes"), owner(outside=SIGN_IN), opens=codes)
    ],
    "mfa_generate_recovery_codes": [
        Ask(at("mfa_generate_recovery_codes"), signed_in()),
        Ask(at("mfa_generate_recovery_codes"), owner(302, others=200), "post", changes=by_owner),
    ],
    "mfa_list_webauthn": [Ask(at("mfa_list_webauthn"), signed_in(), opens=passkeys)],
    "mfa_add_webauthn": [
        Ask(at("mfa_add_webauthn"), signed_in(), opens=passkeys),
        Ask(at("mfa_add_webauthn"), signed_in(), "post", lambda *_: {"name": "one", "credential": "{}"}),
    ],
    "mfa_login_webauthn": [
        Ask(at("mfa_login_webauthn"), signed_in(302)),
        Ask(at("mfa_login_webauthn"), signed_in(302), "post", lambda *_: {"credential": "{}"}),
    ],
    "mfa_reauthenticate_webauthn": [
        Ask(at("mfa_reauthenticate_webauthn"), owner(others=SIGN_IN), opens=passkeys),
        Ask(
            at("mfa_reauthenticate_webauthn"),
            owner(others=SIGN_IN),
            "post",
            lambda *_: {"credential": "{}"},
            opens=passkeys,
        ),
    ],
    "mfa_edit_webauthn": [
        Ask(of_passkey("mfa_edit_webauthn"), OWN_ONLY, opens=passkeys),
        Ask(
            of_passkey("mfa_edit_webauthn"),
            owner(302),
            "post",
            lambda *_: {"name": "other"},
            changes=by_owner,
        ),
    ],
    "mfa_remove_webauthn": [
        Ask(of_passkey("mfa_remove_webauthn"), OWN_ONLY, opens=passkeys),
        Ask(of_passkey("mfa_remove_webauthn"), owner(302), "post", changes=by_owner),
    ],
}
TABLE |= SECOND_FACTOR
