"""Signing in and out, addresses and passwords: a person's own account and nobody else's."""

from tests.clipweb.addresses.asking import Ask, by_owner, everyone, none_at_all, signed_in
from tests.clipweb.addresses.everybodys import at
from tests.clipweb.addresses.world import OUTSIDE
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
