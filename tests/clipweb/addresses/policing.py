"""Policies: moderators read them, admins write and apply them."""

from tests.clipweb.addresses.asking import Ask, none_at_all, signed_in
from tests.clipweb.addresses.everybodys import at
from tests.clipweb.addresses.moderating import BY_MODERATORS, by_admins
from tests.clipweb.addresses.own import of, only_posted
from tests.clipweb.addresses.world import NOBODYS


def by_admin(role: str, state: str) -> bool:
    return role == "admin"


TABLE = {
    "gallery:policies": [
        Ask(at("gallery:policies"), BY_MODERATORS, shows=none_at_all),
        Ask(at("gallery:policies"), by_admins(400), "post"),
    ],
    "gallery:policy": [
        Ask(of("policy", "gallery:policy"), BY_MODERATORS, shows=none_at_all),
        Ask(of("policy", "gallery:policy"), by_admins(400), "post"),
        Ask(at("gallery:policy", NOBODYS), signed_in(404)),
    ],
    "gallery:policy_apply": [
        Ask(of("policy", "gallery:policy_apply"), by_admins(302)),  # it is not in force
        Ask(of("policy", "gallery:policy_apply"), by_admins(302), "post"),
        Ask(at("gallery:policy_apply", NOBODYS), signed_in(404)),
    ],
    "gallery:policy_stop": [
        only_posted(of("policy", "gallery:policy_stop")),
        Ask(of("policy", "gallery:policy_stop"), by_admins(302), "post"),
        Ask(at("gallery:policy_stop", NOBODYS), signed_in(404), "post"),
    ],
    "gallery:policy_progress": [
        Ask(of("policy", "gallery:policy_progress"), BY_MODERATORS, shows=none_at_all),
        Ask(at("gallery:policy_progress", NOBODYS), signed_in(404)),
    ],
    "gallery:policy_delete": [
        only_posted(of("policy", "gallery:policy_delete")),
        Ask(
            of("policy", "gallery:policy_delete"),
            by_admins(302),
            "post",
            changes=by_admin,
        ),
        Ask(at("gallery:policy_delete", NOBODYS), by_admins(404), "post"),
    ],
}
