"""Addresses that everybody may ask, and that answer each with what they may see."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from tests.clipweb.addresses.asking import (
    Answer,
    Ask,
    all_seen,
    by_owner,
    everyone,
    none_at_all,
    own_ones,
    public_ones,
    this_one,
    who_sees,
)
from tests.clipweb.addresses.world import ALBUMS, GONE, OUTSIDE, STATES, World, may_see, may_see_album
from tests.gallery.drawing import png


def at(name: str, *args: object, **query: object) -> Any:
    address = reverse(name, args=args) + (f"?{urlencode(query, doseq=True)}" if query else "")
    return lambda world, state: address


def asking(name: str, **query: str) -> Any:
    """{id}, {tag} and the like in the query: of the picture in that state, or of the album."""

    def url(world: World, state: str) -> str:
        known = {word: f"{state}{word}" for word in ("tag", "camera", "title", "caption")}
        known |= {"state": state, "album": str(world.albums[state].pk) if state in world.albums else ""}
        known |= {"id": str(world.pictures[state].pk), "set": str(world.things["label set"].pk)}
        known |= {"all": [str(image.pk) for image in world.pictures.values()]}
        filled = {
            key: known["all"] if value == "{all}" else value.format(**known) for key, value in query.items()
        }
        return f"{reverse(name)}?{urlencode(filled, doseq=True)}"

    return url


def which_album(role: str, kind: str) -> Answer:
    return 200 if may_see_album(role, kind) else 404


def filtered_by_album(role: str, kind: str) -> Answer:
    return 200 if may_see_album(role, kind) else 400


def mine(role: str, state: str) -> Answer:
    return 400 if role in OUTSIDE else 200


def private_ones(role: str, state: str) -> set[str]:
    return {each for each in ("private", "unlisted") if may_see(role, each)}


def likes_it(role: str, state: str) -> Answer:
    return 200 if may_see(role, state) else 404


def searching(name: str, **words: str) -> list[Ask]:
    """By words, by a picture, and narrowed to what is somebody's, by what they alone may have."""
    return [
        Ask(asking(name, q="red", **words), everyone(), states=("public",), shows=all_seen, says=how_many),
        Ask(asking(name, like="{id}", **words), likes_it, states=STATES),
        Ask(asking(name, tag="{tag}", **words), everyone(), states=STATES, shows=this_one),
    ]


def cover(role: str, state: str) -> set[str]:
    """Of an album with all pictures: the first that somebody sees."""
    return {next(each for each in STATES if may_see(role, each))}


def how_many(role: str, state: str) -> str:
    number = len(all_seen(role, state))
    return "1 picture" if number == 1 else f"{number} pictures"


def without_it(role: str, state: str) -> str:
    """How many there are without the filter, where none is left with it."""
    return "" if this_one(role, state) else f": {how_many(role, state)}"


def looked_at(role: str, state: str) -> str:
    number = len(all_seen(role, state))
    return f"{number} of {number} pictures"


LABELS = {"labels": "red,blue"}

SEARCH = {
    "gallery:search": [
        Ask(at("gallery:search"), everyone(), shows=none_at_all),
        *searching("gallery:search"),
        Ask(asking("gallery:search", q="red + picture:{id}"), likes_it, states=STATES),
        Ask(asking("gallery:search", q="blue - picture:{id}"), likes_it, states=STATES),
        Ask(
            asking("gallery:search", camera="{camera}"),
            everyone(),
            states=STATES,
            shows=this_one,
            says=without_it,
        ),
        Ask(
            asking("gallery:search", origin="generated", visibility="private"),
            everyone(),
            states=("public",),
            shows=private_ones,
        ),
        Ask(asking("gallery:search", owner="the-owner"), everyone(), states=("public",), shows=all_seen),
        Ask(asking("gallery:search", album="{album}"), filtered_by_album, states=ALBUMS),
        Ask(asking("gallery:search", owner="mine"), mine, states=("public",), shows=own_ones),
        Ask(
            asking("gallery:search", favourite="yes", sort="date", q="red"),
            everyone(),
            states=("public",),
            shows=lambda role, state: set() if role in OUTSIDE else all_seen(role, state),
        ),
        Ask(asking("gallery:search", q="red", page="99"), everyone(404), states=("public",)),
    ],
    "gallery:search_by_picture": [
        Ask(at("gallery:search_by_picture"), everyone(405)),
        Ask(
            at("gallery:search_by_picture"),
            everyone(302),
            "post",
            lambda *_: {"file": png(color="red")},
            changes=by_owner,
        ),
    ],
    "gallery:suggestions": [
        Ask(asking("gallery:suggestions", q="{state}" + start), everyone(), states=STATES, shows=this_one)
        for start in ("ta", "tit", "cap")
    ]
    + [Ask(at("gallery:suggestions", q=""), everyone(), shows=none_at_all)]
    + [Ask(at("gallery:suggestions", q=word), everyone()) for word in ("saved", "recent")],
    "gallery:ask": [
        Ask(at("gallery:ask"), everyone(405)),
        Ask(at("gallery:ask"), everyone(302), "post", lambda *_: {"q": "red"}, changes=by_owner),
        Ask(
            at("gallery:ask"),
            who_sees(302),
            "post",
            lambda world, state: {"like": str(world.pictures[state].pk)},
            STATES,
            changes=lambda role, state: role == "owner" and state not in GONE,
        ),
    ],
    "gallery:model_notice": [
        Ask(at("gallery:model_notice", since=1), everyone(), shows=none_at_all, says=looked_at)
    ],
    "gallery:which": [
        Ask(at("gallery:which"), everyone(), shows=none_at_all),
        Ask(asking("gallery:which", picture="{id}", **LABELS), likes_it, states=STATES, shows=this_one),
        Ask(asking("gallery:which", picture="{all}", **LABELS), everyone(404), states=("public",)),
        Ask(asking("gallery:which", album="{album}", **LABELS), which_album, states=ALBUMS),
        Ask(
            asking("gallery:which", picture="{id}", set="{set}"),
            lambda role, state: 302 if role == "owner" else 404,
            states=("public",),
        ),
        *searching("gallery:which", **LABELS),
    ],
    "gallery:which_csv": [
        Ask(asking("gallery:which_csv", picture="{id}", **LABELS), likes_it, states=STATES, shows=this_one),
        Ask(asking("gallery:which_csv", album="{album}", **LABELS), which_album, states=ALBUMS),
        Ask(asking("gallery:which_csv", q="red", **LABELS), everyone(), states=("public",), shows=all_seen),
    ],
}
LISTS = {
    "home": [Ask(at("home"), lambda role, state: 200 if role in OUTSIDE else 302, shows=public_ones)],
    "shortcuts": [
        Ask(at("shortcuts"), everyone(), shows=none_at_all),
        Ask(at("shortcuts"), everyone(302), "post", lambda *_: {"shortcuts": "off"}),
    ],
    "set_language": [
        Ask(at("set_language"), everyone(302)),
        Ask(at("set_language"), everyone(302), "post", lambda *_: {"language": "sv"}, changes=by_owner),
    ],
    "gallery:explore": [Ask(at("gallery:explore"), everyone(), shows=public_ones)],
    "gallery:public_albums": [Ask(at("gallery:public_albums"), everyone(), shows=cover)],
    "gallery:tag": [
        Ask(
            lambda world, state: reverse("gallery:tag", args=[f"{state}tag"]),
            who_sees(),
            states=STATES,
            shows=this_one,
        )
    ],
    "gallery:tiles": [
        Ask(
            asking("gallery:tiles", picture="{all}"),
            everyone(),
            states=("public",),
            shows=all_seen,
            repeats=False,
        )
    ],
    "gallery:states": [
        Ask(
            asking("gallery:states", picture="{all}"),
            everyone(),
            states=("public",),
            shows=all_seen,
            repeats=False,
        )
    ],
    "health": [Ask(at("health"), everyone(503), shows=none_at_all)],
    "health_live": [Ask(at("health_live"), everyone(), shows=none_at_all)],
}
TABLE = SEARCH | LISTS
