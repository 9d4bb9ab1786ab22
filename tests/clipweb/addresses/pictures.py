"""Addresses of one picture, of one album, and of a secret link."""

from typing import Any

from django.urls import reverse

from tests.clipweb.addresses.asking import (
    SIGN_IN,
    Answer,
    Ask,
    Rule,
    all_seen,
    by_owner,
    everyone,
    kept,
    moderators,
    owner,
    signed_in,
    this_one,
    who_sees,
)
from tests.clipweb.addresses.world import (
    ALBUMS,
    GONE,
    MODERATORS,
    NOBODYS,
    OUTSIDE,
    STATES,
    World,
    may_see,
    may_see_album,
)


def of(name: str, *more: object, tail: str = "") -> Any:
    """The address of the picture in that state."""
    return lambda world, state: reverse(f"gallery:{name}", args=[world.pictures[state].pk, *more]) + tail


def of_album(name: str) -> Any:
    return lambda world, state: reverse(f"gallery:{name}", args=[world.albums[state].pk])


def nothing(role: str, state: str) -> str:
    return ""


def history(role: str, state: str) -> str:
    """Of its picture the owner reads it, and moderators do."""
    return f"{state}before" if role == "owner" or role in MODERATORS else ""


def reading(name: str, *more: object, shows: Rule | None = this_one, says: Rule = nothing) -> list[Ask]:
    return [
        Ask(of(name, *more), who_sees(), states=STATES, shows=shows, says=says),
        Ask(nobodys(name, *more), everyone(404)),
    ]


def nobodys(name: str, *more: object) -> Any:
    return lambda world, state: reverse(f"gallery:{name}", args=[NOBODYS, *more])


def only_posted(name: str) -> Ask:
    return Ask(of(name), lambda role, state: SIGN_IN if role in OUTSIDE else 405, states=STATES)


def owners_and_moderators(answer: Answer) -> Rule:
    return kept(lambda role, state: SIGN_IN if role in OUTSIDE else answer if deletes(role, state) else 404)


def deletes(role: str, state: str) -> bool:
    return state not in GONE and (role == "owner" or role in MODERATORS)


def unless_gone(rule: Rule) -> Rule:
    return lambda role, state: state not in GONE and rule(role, state)


def moderates(role: str, state: str) -> bool:
    return role in MODERATORS and state not in GONE


WORDS = {"title": "changed", "visibility": "public"}
BY_OWNER = kept(owner(302))
PICTURES = {
    "gallery:picture": [
        *reading("picture", shows=all_seen, says=history),  # beside it stand those that are like it
    ],
    "gallery:view": reading("view"),
    "gallery:details": reading("details"),
    "gallery:original": [
        *reading("original", shows=None),
        Ask(of("original", tail="?download"), who_sees(), states=STATES, shows=this_one),
    ],
    "gallery:thumbnail": [
        *reading("thumbnail", 320),
        *reading("thumbnail", 1280),
        Ask(of("thumbnail", 77), everyone(404), states=STATES),
    ],
    "gallery:similar": reading("similar", shows=None),
    "gallery:edit": [
        Ask(nobodys("edit"), signed_in(404)),
        Ask(of("edit"), kept(owner()), states=STATES, shows=this_one),
        Ask(of("edit"), BY_OWNER, "post", lambda *_: WORDS, STATES, changes=unless_gone(by_owner)),
    ],
    "gallery:delete": [
        Ask(nobodys("delete"), signed_in(404)),
        Ask(of("delete"), owners_and_moderators(200), states=STATES, shows=this_one),
        Ask(of("delete"), owners_and_moderators(302), "post", states=STATES, changes=deletes),
    ],
    "gallery:favourite": [
        only_posted("favourite"),
        Ask(of("favourite"), who_sees(302, outside=SIGN_IN), "post", states=STATES),
    ],
    "gallery:unfavourite": [
        only_posted("unfavourite"),
        Ask(
            of("unfavourite"),
            who_sees(302, outside=SIGN_IN),
            "post",
            states=STATES,
            changes=unless_gone(by_owner),
        ),
    ],
    "gallery:add_to_album": [
        only_posted("add_to_album"),
        Ask(
            of("add_to_album"),
            BY_OWNER,
            "post",
            lambda *_: {"album_title": "another"},
            STATES,
            changes=unless_gone(by_owner),
        ),
        Ask(
            of("add_to_album"),
            BY_OWNER,
            "post",
            lambda world, state: {"album": str(world.albums["unlisted"].pk)},
            states=("private",),
            changes=by_owner,
        ),
    ],
    "gallery:hide": [
        only_posted("hide"),
        Ask(
            of("hide"),
            kept(moderators(302, outside=SIGN_IN)),
            "post",
            states=STATES,
            changes=moderates,
        ),
    ],
    "gallery:unhide": [
        only_posted("unhide"),
        Ask(
            of("unhide"),
            kept(moderators(302, outside=SIGN_IN)),
            "post",
            states=STATES,
            changes=moderates,
        ),
    ],
    "gallery:trash_thumbnail": [
        Ask(
            of("trash_thumbnail"),
            lambda role, state: owner(200 if state == "trashed" else 404)(role, state),
            states=STATES,
            opens=lambda role, state: {"trashed"} if role == "owner" else set(),
        )
    ],
}


# Albums


def album_seen(role: str, kind: str) -> Answer:
    return 200 if may_see_album(role, kind) else 404


def in_album(role: str, kind: str) -> set[str]:
    inside = {"unlisted", "hidden", "unchecked", *GONE} if kind == "unlisted" else set(STATES)
    return {state for state in inside if may_see(role, state)}


def asked_first(name: str) -> list[Ask]:
    """A page that asks, and a post that does it."""
    return [
        Ask(of_album(name), owner(), states=ALBUMS),
        Ask(of_album(name), owner(302), "post", states=ALBUMS, changes=by_owner),
    ]


def about(action: str) -> Any:
    return lambda world, kind: {"picture": str(world.pictures["hidden"].pk), "action": action}


ALBUM_PAGES = {
    "gallery:album": [Ask(of_album("album"), album_seen, states=ALBUMS, shows=in_album)],
    "gallery:album_edit": [
        Ask(of_album("album_edit"), owner(), states=ALBUMS),
        Ask(
            of_album("album_edit"),
            owner(302),
            "post",
            lambda *_: {"title": "changed", "order": "manual", "visibility": "public"},
            ALBUMS,
            changes=by_owner,
        ),
    ],
    "gallery:album_delete": asked_first("album_delete"),
    "gallery:link_renew": asked_first("link_renew"),
    "gallery:link_revoke": [
        Ask(of_album("link_revoke"), owner(), states=ALBUMS),
        Ask(
            of_album("link_revoke"),
            owner(302),
            "post",
            states=ALBUMS,
            changes=lambda role, kind: role == "owner" and kind == "unlisted",
        ),
    ],
    "gallery:arrange": [
        Ask(of_album("arrange"), owner(), states=ALBUMS, shows=in_album),
        *(
            Ask(of_album("arrange"), owner(302), "post", about(action), ALBUMS, changes=by_owner)
            for action in ("up", "cover", "remove")
        ),
    ],
}


# A secret link: its album and what is in it, for everybody who has it, but what is hidden or in a trash


def shared(name: str, *more: object, token: str = "") -> Any:
    def url(world: World, state: str) -> str:
        of_picture = [world.pictures[state].pk] if state else []
        return reverse(f"gallery:{name}", args=[token or world.token, *of_picture, *more])

    return url


def by_link(role: str, state: str) -> set[str]:
    return {"unlisted", "album unlisted", "link"}


def in_link(role: str, state: str) -> Answer:
    return 200 if state == "unlisted" else 404


LINKS = {
    "gallery:shared": [
        Ask(shared("shared"), everyone(), shows=lambda *_: {"unlisted"}, opens=by_link),
        Ask(shared("shared", token="guessed"), everyone(404)),
    ],
    "gallery:shared_picture": [
        Ask(shared("shared_picture"), in_link, states=STATES, shows=lambda *_: {"unlisted"}, opens=by_link),
        Ask(shared("shared_picture", token="guessed"), everyone(404), states=STATES),
    ],
    "gallery:shared_thumbnail": [
        Ask(shared("shared_thumbnail", 320), in_link, states=STATES, opens=by_link),
        Ask(shared("shared_thumbnail", 320, token="guessed"), everyone(404), states=STATES),
    ],
}

TABLE = PICTURES | ALBUM_PAGES | LINKS
