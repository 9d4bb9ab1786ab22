"""Addresses of a person's own things: of their gallery, their searches and their labels."""

from typing import Any

from django.urls import reverse

from gallery.views.selection import ACTIONS
from tests.clipweb.addresses.asking import (
    Ask,
    Rule,
    all_seen,
    by_owner,
    kept,
    none_at_all,
    own_ones,
    owner,
    signed_in,
)
from tests.clipweb.addresses.everybodys import at
from tests.clipweb.addresses.world import GONE, NOBODYS, STATES, World

PUBLIC = ("public",)


def page(name: str, *, shows: Rule | None = none_at_all, **query: str) -> Ask:
    """Everybody who is signed in has such a page of their own."""
    return Ask(at(name, **query), signed_in(), shows=shows)


def only_posted(url: Any) -> Ask:
    return Ask(url, signed_in(405))


def chosen(world: World, state: str) -> dict[str, Any]:
    return {"picture": [str(image.pk) for image in world.pictures.values()]}


def removed(world: World, state: str) -> dict[str, str]:
    return {"picture": str(world.pictures["removed"].pk), "confirmed": "1"}


def selecting(action: str) -> Ask:
    """All pictures are chosen; whoever has none of them is led back."""
    changing = action not in {"which", "download"}

    def data(world: World, state: str) -> dict[str, Any]:
        album = str(world.albums["private"].pk)
        more = {"action": action, "tags": "another", "album_title": "another", "from_album": album}
        return chosen(world, state) | more

    answers = owner(200 if action == "download" else 302, others=302)
    return Ask(
        at("gallery:selection"),
        answers,
        "post",
        data,
        shows=own_ones,
        changes=by_owner if changing else lambda *_: False,
    )


def covers(role: str) -> set[str]:
    """The first picture of each album."""
    return {"private", "unlisted"} if role == "owner" else set()


def trash(role: str, state: str) -> set[str]:
    return {"trashed"} if role == "owner" else set()


def everything_own(role: str, state: str) -> set[str]:
    """Whoever takes their data along gets what is in the trash as well; of what a moderator has removed,
    all but the file."""
    told = {f"{state}{kind}" for state in GONE for kind in ("", " places", " digests", " history")}
    return told | {"trashed originals", "passkeys"} if role == "owner" else set()


def counted(role: str, state: str) -> str:
    return f"<dd>{len(own_ones(role, state))}</dd>"


GALLERY = {
    "gallery:mine": [
        page("gallery:mine", shows=own_ones),
        page("gallery:mine", shows=own_ones, sort="added"),
        Ask(at("gallery:mine", month="2000-01"), signed_in(302)),
    ],
    "gallery:selection": [
        only_posted(at("gallery:selection")),
        *map(selecting, ACTIONS),
        Ask(
            at("gallery:selection"),
            owner(404, others=302),
            "post",
            lambda world, state: chosen(world, state) | {"action": "remove", "from_album": str(NOBODYS)},
        ),
    ],
    "gallery:albums": [page("gallery:albums", shows=lambda role, state: covers(role))],
    "gallery:album_create": [
        page("gallery:album_create"),
        Ask(
            at("gallery:album_create"),
            signed_in(302),
            "post",
            lambda *_: {"title": "another", "order": "manual", "visibility": "private"},
            changes=by_owner,
        ),
    ],
    "gallery:favourites": [
        page("gallery:favourites", shows=lambda role, state: all_seen(role, state)),
    ],
    "gallery:tags": [page("gallery:tags", shows=own_ones)],
    "gallery:map": [page("gallery:map", shows=own_ones)],
    "gallery:map_state": [page("gallery:map_state")],
    "gallery:map_points": [page("gallery:map_points", shows=own_ones)],
    "gallery:map_region": [
        Ask(at("gallery:map_region", 1), owner(), shows=own_ones),
        Ask(at("gallery:map_region", 2), signed_in(404)),
    ],
    "gallery:map_lay_out": [
        only_posted(at("gallery:map_lay_out")),
        # The others have too few pictures.
        Ask(at("gallery:map_lay_out"), signed_in(302), "post", changes=by_owner),
    ],
    "gallery:duplicates": [page("gallery:duplicates", shows=own_ones)],
    "gallery:keep-all": [
        Ask(lambda world, state: keep_all(world), signed_in(405)),
        Ask(lambda world, state: keep_all(world), owner(302), "post", changes=by_owner),
    ],
    "gallery:keep-one": [
        Ask(lambda world, state: keep_one(world, state), kept(owner()), states=STATES, shows=own_ones),
        Ask(
            lambda world, state: keep_one(world, state),
            kept(owner(302)),
            "post",
            lambda world, state: {
                "picture": [
                    str(image.pk) for other, image in world.pictures.items() if other not in GONE | {state}
                ]
            },
            STATES,
            changes=lambda role, state: role == "owner" and state not in GONE,
        ),
    ],
    "gallery:trash": [Ask(at("gallery:trash"), signed_in(), shows=trash, opens=trash)],
    "gallery:trash_restore": [
        only_posted(at("gallery:trash_restore")),
        Ask(at("gallery:trash_restore"), signed_in(302), "post", chosen, changes=by_owner, opens=trash),
        Ask(at("gallery:trash_restore"), signed_in(302), "post", removed),  # out of its owner's reach
    ],
    "gallery:trash_delete": [
        only_posted(at("gallery:trash_delete")),
        Ask(at("gallery:trash_delete"), owner(others=302), "post", chosen, shows=trash, opens=trash),
        Ask(
            at("gallery:trash_delete"),
            signed_in(302),
            "post",
            lambda world, state: chosen(world, state) | {"confirmed": "1"},
            changes=by_owner,
        ),
        Ask(at("gallery:trash_delete"), signed_in(302), "post", removed),
    ],
    "gallery:trash_empty": [
        page("gallery:trash_empty"),
        Ask(at("gallery:trash_empty"), signed_in(302), "post", changes=by_owner),
    ],
    "gallery:profile": [
        Ask(at("gallery:profile"), signed_in(), says=counted),
        Ask(
            at("gallery:profile"),
            signed_in(302),
            "post",
            lambda *_: {"display_name": "another", "language": "en"},
            changes=by_owner,
        ),
    ],
    "gallery:sessions": [
        page("gallery:sessions"),
        Ask(at("gallery:sessions"), signed_in(302), "post", lambda *_: {"others": "1"}),
        Ask(at("gallery:sessions"), signed_in(404), "post", lambda *_: {"session": "999999"}),
        Ask(at("gallery:sessions"), signed_in(400), "post"),
    ],
    "gallery:take_out": [
        page("gallery:take_out"),
        Ask(
            at("gallery:take_out"),
            signed_in(),
            "post",
            shows=lambda role, state: (
                set(STATES) if role == "owner" else all_seen(role, state)
            ),  # as favourites
            opens=everything_own,
        ),
    ],
    "gallery:leave": [
        page("gallery:leave"),
        Ask(
            at("gallery:leave"),
            owner(302, others=422),
            "post",
            lambda *_: {"username": "the-owner"},
            changes=by_owner,
        ),
    ],
}


def keep_all(world: World) -> str:
    return reverse("gallery:keep-all", args=[world.things["group"]])


def keep_one(world: World, state: str) -> str:
    return reverse("gallery:keep-one", args=[world.things["group"], world.pictures[state].pk])


def of(kind: str, name: str) -> Any:
    return lambda world, state: reverse(name, args=[world.things[kind].pk])


def asked_first(kind: str, name: str, data: dict[str, str] | None = None) -> list[Ask]:
    return [
        Ask(of(kind, name), owner()),
        Ask(of(kind, name), owner(302), "post", lambda *_: data or {}, changes=by_owner),
    ]


SEARCHES = {
    "gallery:searches": [page("gallery:searches")],
    "gallery:search_save": [
        only_posted(at("gallery:search_save")),
        Ask(
            at("gallery:search_save"),
            signed_in(302),
            "post",
            lambda *_: {"query": "q=red", "name": "another"},
            changes=by_owner,
        ),
        Ask(
            at("gallery:search_save"),
            signed_in(302),
            "post",
            lambda world, state: {"query": f"like={world.pictures[state].pk}", "name": "another"},
            STATES,
            changes=lambda role, state: role == "owner" and state not in GONE,
        ),
    ],
    "gallery:search_rename": asked_first("saved", "gallery:search_rename", {"name": "another"}),
    "gallery:search_delete": asked_first("saved", "gallery:search_delete"),
    "gallery:search_forget": [
        only_posted(of("recent", "gallery:search_forget")),
        Ask(of("recent", "gallery:search_forget"), owner(302), "post", changes=by_owner),
    ],
    "gallery:searches_clear": [
        page("gallery:searches_clear"),
        Ask(at("gallery:searches_clear"), signed_in(302), "post", changes=by_owner),
    ],
}


TABLE = GALLERY | SEARCHES
