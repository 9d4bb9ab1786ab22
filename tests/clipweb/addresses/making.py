"""Addresses of pictures that are to come: files on their way in, and what the studio makes."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from tests.clipweb.addresses.asking import (
    SIGN_IN,
    Ask,
    Rule,
    all_seen,
    by_owner,
    moderators,
    own_ones,
    owner,
    signed_in,
    this_one,
)
from tests.clipweb.addresses.everybodys import at
from tests.clipweb.addresses.own import PUBLIC, of, page
from tests.clipweb.addresses.world import GONE, MODERATORS, NOBODYS, OUTSIDE, STATES, World
from tests.gallery.drawing import png

# Files on their way in. Scripts send them, so a visitor is told by a status of its own.

TUS = {"Tus-Resumable": "1.0.0"}
SENDERS = signed_in(outside=401)


def new_file(*_: object) -> dict[str, Any]:
    return {"files": png(seed=77), "visibility": "private"}


UPLOADING = {
    "gallery:upload": [
        page("gallery:upload"),
        Ask(at("gallery:upload"), signed_in(302), "post", new_file, changes=by_owner),
        Ask(
            at("gallery:upload"),
            signed_in(201, outside=401),
            "post",
            new_file,
            changes=by_owner,
            headers={"Accept": "application/json"},
        ),
    ],
    "gallery:uploads": [
        Ask(at("gallery:uploads"), SENDERS, headers=TUS),
        Ask(
            at("gallery:uploads"),
            signed_in(201, outside=401),
            "post",
            changes=by_owner,
            headers=TUS | {"Upload-Length": "9"},
        ),
    ],
    "gallery:send": [
        Ask(of("upload", "gallery:send"), owner(outside=401), "head", headers=TUS),
        Ask(of("upload", "gallery:send"), owner(415, outside=401), "patch", headers=TUS),
        Ask(
            of("upload", "gallery:send"),
            owner(204, outside=401),
            "delete",
            changes=by_owner,
            headers=TUS,
        ),
    ],
    "gallery:store": [
        Ask(of("upload", "gallery:store"), owner(409, outside=401), "post", headers=TUS),
        # what came in under this id before: its sender alone is told, of whatever state it is
        Ask(
            lambda world, state: reverse("gallery:store", args=[world.pictures[state].pk]),
            owner(201, outside=401),
            "post",
            states=STATES,
            headers=TUS,
            opens=lambda role, state: {state} if role == "owner" else set(),
        ),
    ],
}


# Pictures in the making: their owner's, and of moderators


def watched(answer: int = 200) -> Rule:
    def rule(role: str, state: str) -> Any:
        if role in OUTSIDE:
            return SIGN_IN
        return answer if role == "owner" or role in MODERATORS else 404

    return rule


def of_job(name: str, *more: Any) -> Any:
    return lambda world, state: reverse(
        name, args=[world.things[f"job {state}" if state else "job"].pk, *more]
    )


def frames_seen() -> Rule:
    """What leads to a picture goes with it."""
    return lambda role, state: signed_in(404)(role, state) if state in GONE else watched()(role, state)


def by_watcher(role: str, state: str) -> bool:
    return role == "owner" or role in MODERATORS


def job_pages(name: str) -> list[Ask]:
    return [
        Ask(of_job(name), watched()),
        Ask(of_job(name), watched(), states=STATES),
        Ask(lambda world, state: reverse(name, args=[uuid.UUID(int=4)]), signed_in(404)),
    ]


def job_posts(name: str) -> list[Ask]:
    return [
        Ask(of_job(name), signed_in(405)),
        Ask(of_job(name), watched(302), "post", changes=by_watcher),
        Ask(of_job(name), watched(302), "post", states=PUBLIC),  # it has ended
    ]


def moderators_posts(name: str) -> list[Ask]:
    return [
        Ask(of_job(name), signed_in(405)),
        Ask(of_job(name), moderators(302, outside=SIGN_IN), "post"),  # it does not wait any more
    ]


def beside(*others: str, part: str = "") -> Any:
    """The running job, and those that made the pictures in these states."""

    def url(world: World, state: str) -> str:
        jobs = [world.things["job"], *(world.things[f"job {other or state}"] for other in others)]
        query = urlencode([("job", job.pk) for job in jobs] + ([("part", part)] if part else []))
        return f"{reverse('generator:side_by_side')}?{query}"

    return url


STUDIO = {
    "generator:side_by_side": [
        Ask(beside(), watched()),
        Ask(beside(""), watched(), states=STATES, shows=this_one),
        Ask(beside(*STATES, part="1"), watched(), shows=all_seen),
        Ask(at("generator:side_by_side", job=NOBODYS), signed_in(404)),
        Ask(at("generator:side_by_side"), signed_in(404)),
    ],
    "generator:studio": [
        page("generator:studio", shows=None),
        Ask(
            lambda world, state: f"{reverse('generator:studio')}?like={world.things['job'].pk}",
            watched(),
        ),
        Ask(
            at("generator:studio"),
            signed_in(302),
            "post",
            lambda *_: {"prompt": "a", "size": 128, "steps": 9},
            changes=by_owner,
        ),
    ],
    "generator:jobs": [page("generator:jobs", shows=own_ones)],
    "generator:remix": [
        Ask(at("generator:remix"), signed_in(405)),
        Ask(at("generator:remix"), signed_in(400), "post"),
    ],
    "generator:compare": [
        Ask(
            lambda world, state: reverse(
                "generator:compare", args=[world.things["job public"].pk, world.things[f"job {state}"].pk]
            ),
            watched(),
            states=STATES,
        ),
    ],
    "generator:job": job_pages("generator:job"),
    "generator:status": job_pages("generator:status"),
    "generator:frame": [
        Ask(of_job("generator:frame"), watched()),
        Ask(of_job("generator:frame"), signed_in(404), states=STATES),
    ],
    "generator:kept-frame": [
        Ask(of_job("generator:kept-frame", 1), frames_seen(), states=("", *STATES)),
        Ask(of_job("generator:kept-frame", 2), signed_in(404)),
    ],
    "generator:time-lapse": [
        *job_pages("generator:time-lapse"),
        Ask(of_job("generator:time-lapse"), watched(400), "post", lambda *_: {"format": "exe"}),
        Ask(of_job("generator:time-lapse"), watched(409), "post", lambda *_: {"format": "gif"}),
    ],
    "generator:time-lapse-file": [
        Ask(of_job("generator:time-lapse-file", "gif"), frames_seen(), states=STATES),
        Ask(of_job("generator:time-lapse-file", "gif"), signed_in(404)),
    ],
    "generator:batch-new": [
        page("generator:batch-new"),
        Ask(at("generator:batch-new"), signed_in(400), "post"),
    ],
    "generator:batch": [Ask(of("batch", "generator:batch"), watched(), shows=all_seen)],
    "generator:sheet": [Ask(of("batch", "generator:sheet"), watched(), shows=all_seen)],
    "generator:arrange": [
        Ask(at("generator:arrange"), signed_in(405)),
        Ask(
            at("generator:arrange"),
            owner(302),
            "post",
            lambda world, state: {"job": str(world.things["job"].pk), "action": "up"},
        ),
    ],
    "generator:pause-all": [
        Ask(at("generator:pause-all"), signed_in(405)),
        Ask(at("generator:pause-all"), signed_in(302), "post", changes=by_owner),
    ],
    "generator:resume-all": [
        Ask(at("generator:resume-all"), signed_in(405)),
        Ask(at("generator:resume-all"), signed_in(302), "post"),  # none is paused
    ],
    "generator:pause": job_posts("generator:pause"),
    "generator:resume": [
        Ask(of_job("generator:resume"), signed_in(405)),
        Ask(of_job("generator:resume"), watched(302), "post"),  # it is not paused
    ],
    "generator:continue": [
        Ask(of_job("generator:continue"), signed_in(405)),
        Ask(of_job("generator:continue"), owner(400), "post"),
    ],
    "generator:first": moderators_posts("generator:first"),
    "generator:back": moderators_posts("generator:back"),
    "generator:stop": job_posts("generator:stop"),
    "generator:cancel": job_posts("generator:cancel"),
}

TABLE = UPLOADING | STUDIO
