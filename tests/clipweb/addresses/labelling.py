"""Addresses of a person's own labels, and of the tags that are written by them."""

from tests.clipweb.addresses.asking import (
    SIGN_IN,
    Ask,
    by_owner,
    none_at_all,
    owner,
    signed_in,
    who_sees,
)
from tests.clipweb.addresses.everybodys import LABELS, asking, at
from tests.clipweb.addresses.own import PUBLIC, asked_first, of, only_posted, page
from tests.clipweb.addresses.world import GONE, STATES, World, may_see


def own_gone(role: str, state: str) -> set[str]:
    """A tag that can be taken back is named, also where its picture is in a trash."""
    return GONE if role == "owner" else set()


def writing(world: World, state: str) -> dict[str, str]:
    return {"picture": str(world.pictures[state].pk), "threshold": "1", **LABELS}


TABLE = {
    "gallery:label_sets": [page("gallery:label_sets")],
    "gallery:label_set_create": [
        page("gallery:label_set_create"),
        Ask(
            at("gallery:label_set_create"),
            signed_in(302),
            "post",
            lambda *_: {"name": "another", "labels": "a, b"},
            changes=by_owner,
        ),
    ],
    "gallery:label_set_edit": asked_first(
        "label set", "gallery:label_set_edit", {"name": "another", "labels": "a, b"}
    ),
    "gallery:label_set_delete": asked_first("label set", "gallery:label_set_delete"),
    "gallery:autotag": [
        Ask(
            asking("gallery:autotag", picture="{id}", threshold="1", **LABELS),
            who_sees(outside=SIGN_IN),
            states=STATES,
            shows=none_at_all,
        ),
        Ask(
            asking("gallery:autotag", threshold="1", owner="the-owner", **LABELS),
            signed_in(),
            states=PUBLIC,
            shows=none_at_all,
        ),
    ],
    "gallery:autotag_write": [
        only_posted(at("gallery:autotag_write")),
        Ask(
            at("gallery:autotag_write"),
            who_sees(302, outside=SIGN_IN),
            "post",
            writing,
            STATES,
            changes=lambda role, state: role == "owner" and may_see(role, state),
        ),
    ],
    "gallery:taggings": [Ask(at("gallery:taggings"), signed_in(), opens=own_gone)],
    "gallery:tagging_undo": [
        only_posted(of("tagging", "gallery:tagging_undo")),
        Ask(of("tagging", "gallery:tagging_undo"), owner(302), "post", changes=by_owner),
    ],
}
