"""Alice's things, one of each kind and a picture in each state, and those who come to look at them.

Everything of hers carries a word of its own, a marker, so that one may look for it in whatever an address
answers. `World.seen_by` says which of them somebody may meet anywhere.
"""

import uuid
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.tasks import async_task

from gallery.albums import add_pictures, create_album
from gallery.favourites import add_favourite
from gallery.labels import create_set
from gallery.models import (
    Album,
    CameraFacts,
    EncodingModel,
    HistoryEntry,
    Image,
    Map,
    MapPoint,
    NearPair,
    PendingVector,
    Place,
    RecentSearch,
    SavedSearch,
    Serving,
    Tag,
    Tagging,
    User,
    WrittenTag,
)
from gallery.moderation.roles import Role, set_role
from gallery.preparation import prepare_image
from gallery.receiving import create_upload
from gallery.uploads import store_image
from generator.models import Batch, Job, KeptFrame, TimeLapse
from tests.clipweb.addresses.moderated import moderate
from tests.conftest import PASSWORD
from tests.gallery.colour_model import MODEL_ID
from tests.gallery.drawing import encoded, noise, upload
from tests.people import passkey

ROLES = ("visitor", "suspended", "member", "owner", "moderator", "admin")
OUTSIDE = {"visitor", "suspended"}  # a session of somebody who may not sign in any more is that of a visitor
MODERATORS = {"moderator", "admin"}
# Of a picture: private; private, in an album with a secret link; public; public but hidden by a moderator;
# public but the automatic checks are not done with it; public but in the trash; public but removed by a
# moderator.
STATES = ("private", "unlisted", "public", "hidden", "unchecked", "trashed", "removed")
GONE = {"trashed", "removed"}
KEPT = [state for state in STATES if state not in GONE]
ALBUMS = ("private", "unlisted", "public", "hidden")  # the last one public, and hidden by a moderator
NOBODYS = uuid.UUID("00000000-0000-4000-8000-000000000000")


def may_see(role: str, state: str) -> bool:
    """A picture, at its own addresses and in whatever lists everything."""
    if state in GONE:
        return False
    return state == "public" or role == "owner" or role in MODERATORS


def may_see_album(role: str, visibility: str) -> bool:
    return visibility == "public" or role == "owner" or role in MODERATORS


class Browser(Client):
    """Without the notes that Django's own takes of every template, which last longer than the page."""

    def request(self, **request: Any) -> HttpResponse:
        return self.handler(self._base_environ(**request))


@dataclass
class World:
    people: dict[str, User] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, Image] = field(default_factory=dict)
    albums: dict[str, Album] = field(default_factory=dict)
    things: dict[str, Any] = field(default_factory=dict)  # the others, by their kind
    words: dict[str, set[bytes]] = field(default_factory=dict)  # markers, by what they belong to
    rows: dict[str, list[tuple]] = field(default_factory=dict)  # as they were before anybody came

    @property
    def token(self) -> str:
        return self.albums["unlisted"].token or ""

    def browser(self, role: str) -> Browser:
        """A new one of this person's, signed in."""
        browser = Browser()
        if role in self.sessions:
            browser.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[role]
        return browser

    def seen_by(self, role: str) -> set[bytes]:
        """The markers that this person may meet."""
        seen = {state for state in STATES if may_see(role, state)}
        seen |= {f"album {kind}" for kind in ALBUMS if may_see_album(role, kind)}
        if role == "owner":
            seen |= {f"{state} {kind}" for state in KEPT for kind in ("originals", "places")}
            seen |= {"own", "link"}
        if role in {"owner", "admin"}:
            seen |= {f"{state} digests" for state in KEPT} | {"address"}
        if role == "owner" or role in MODERATORS:
            seen |= {f"{state} history" for state in KEPT} | {"job", "decisions", "appeal"}
        if role == "member" or role in MODERATORS:
            seen |= {"reports", "reporter"}
        if role in MODERATORS:
            seen |= {"decider", "suspension"}
        return set().union(*(self.words[name] for name in seen))


def build() -> World:
    world = World()
    _people(world)
    for number, state in enumerate(STATES):
        world.pictures[state] = _picture(world, state, number)
    _albums(world)
    _own_things(world)
    _jobs(world)
    _of_the_site(world)
    moderate(world)
    for state in STATES:
        _put_in_state(world.pictures[state], state)
        world.pictures[state].refresh_from_db()
    return world


def _people(world: World) -> None:
    for role in ROLES[1:]:
        rights = {"is_staff": role == "admin", "is_superuser": role == "admin"}
        person = User.objects.create_user(f"the-{role}", f"{role}@example.org", PASSWORD, **rights)
        if role == "moderator":
            person = set_role(user=person, role=Role.MODERATOR, by=None)
        address = EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
        client = Client()
        client.force_login(person)
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        world.people[role] = person
        world.things |= {"address": address} if role == "owner" else {}
        world.sessions[role] = client.cookies[settings.SESSION_COOKIE_NAME].value
    User.objects.filter(pk=world.people["owner"].pk).update(keep_locations=True)
    world.people["owner"].refresh_from_db()
    world.words["address"] = {b"owner@example.org"}


def _picture(world: World, state: str, number: int) -> Image:
    owner = world.people["owner"]
    image = store_image(owner=owner, file=upload(encoded(noise(seed=number))), title=f"{state}title")
    prepare_image(image_id=image.pk, attempt=0)
    Image.objects.filter(pk=image.pk).update(caption=f"{state}caption", credit=f"{state}credit")
    Tag.objects.create(image=image, name=f"{state}tag")
    CameraFacts.objects.create(image=image, model=f"{state}camera")
    HistoryEntry.objects.create(image=image, kind="retitled", detail=f"{state}before")
    Place.objects.create(image=image, latitude=10 + number + 0.23456, longitude=5)
    for person in world.people.values():  # while it was public
        add_favourite(user=person, image=image)
    image.refresh_from_db()
    words = {f"{state}{kind}".encode() for kind in ("title", "caption", "credit", "tag", "camera")}
    thumbnails = {_inside(image.thumbnail_path(size)) for size in Image.THUMBNAIL_SIZES}
    world.words[state] = {*words, str(image.pk).encode(), image.sha256[:32].encode(), *thumbnails}
    place = f"{10 + number + 0.23456:.5f}".encode()
    world.words[f"{state} originals"] = {_inside(image.original_name)}
    world.words[f"{state} places"] = {place}
    world.words[f"{state} history"] = {f"{state}before".encode()}
    world.words[f"{state} digests"] = {image.sha256.encode()}
    return image


def _inside(name: str) -> bytes:
    """Some bytes out of the middle of a stored file, by which one knows it again."""
    with default_storage.open(name, "rb") as file:
        content = file.read()
    return content[len(content) // 2 :][:48]


def _put_in_state(image: Image, state: str) -> None:
    is_private = state in {"private", "unlisted"}
    visibility = Image.Visibility.PRIVATE if is_private else Image.Visibility.PUBLIC
    Image.objects.filter(pk=image.pk).update(visibility=visibility, awaits_checks=state == "unchecked")
    if state == "trashed":
        Image.objects.filter(pk=image.pk).update(trashed_at=timezone.now())


def _albums(world: World) -> None:
    """Every picture is in the private and in the public album; the unlisted one opens what it has."""
    pictures = world.pictures
    inside = {kind: list(pictures.values()) for kind in ALBUMS}
    inside["unlisted"] = [pictures[state] for state in ("unlisted", "hidden", "unchecked", "trashed")]
    for kind in ALBUMS:
        album = create_album(
            owner=world.people["owner"],
            title=f"{kind}albumtitle",
            description=f"{kind}albumwords",
            visibility="public" if kind == "hidden" else kind,
        )
        Album.objects.filter(pk=album.pk).update(is_hidden=kind == "hidden")
        add_pictures(album=album, images=inside[kind])
        world.albums[kind] = album
        words = (album.title, album.description, str(album.pk))
        world.words[f"album {kind}"] = {word.encode() for word in words}
    world.words["link"] = {world.token.encode()}


def _own_things(world: World) -> None:
    """What nobody but its owner ever sees."""
    owner, pictures, things = world.people["owner"], world.pictures, world.things
    things["saved"] = SavedSearch.objects.create(owner=owner, name="savedname", query="q=savedwords")
    things["recent"] = RecentSearch.objects.create(owner=owner, query="q=recentwords", digest="digest")
    things["label set"] = create_set(owner=owner, name="setname", labels=["setlabel", "blue"])
    things["upload"] = create_upload(owner=owner, length=1000, name="uploadname.png")
    things["tagging"] = tagging = Tagging.objects.create(owner=owner, threshold=0.5)
    for image in pictures.values():
        WrittenTag.objects.create(tagging=tagging, tag=image.tags.get())
    things["group"] = group = uuid.uuid4()
    for first, second in pairwise(STATES):
        one, other = sorted((pictures[first], pictures[second]), key=lambda image: image.pk)
        NearPair.objects.create(owner=owner, first=one, second=other, distance=3, group=group)
    things["second factor"] = TOTP.activate(owner, generate_totp_secret()).instance
    things["passkey"] = WebAuthn.add(owner, "passkeyname", passkey.CREDENTIAL).instance
    codes = RecoveryCodes.activate(owner).get_unused_codes()
    world.words |= {"codes": {code.encode() for code in codes}, "passkeys": {b"passkeyname"}}
    made = Map.objects.create(owner=owner, made_at=timezone.now(), model_id=MODEL_ID)
    for image in pictures.values():
        MapPoint.objects.create(map=made, image=image, x=0, y=0, region=1)
    words = ("savedname", "savedwords", "recentwords", "setname", "setlabel", "uploadname", str(group))
    ids = [str(things[kind].pk) for kind in ("saved", "recent", "label set", "upload", "tagging")]
    world.words["own"] = {word.encode() for word in (*words, *ids)}
    things["model"] = model = EncodingModel.objects.create(model_id=MODEL_ID, name="colours")
    things["next model"] = EncodingModel.objects.create(model_id="next", name="next")
    Serving.objects.create(current=model, wanted_id=MODEL_ID, since=timezone.now(), is_filling=True)
    for image in pictures.values():
        PendingVector.objects.create(image=image, model=model, attempts=1, reason="It did not work.")


def _jobs(world: World) -> None:
    """A job that is being made, and one a picture."""
    wish = {"owner": world.people["owner"], "seed": 1, "steps": 9, "width": 64, "height": 64}
    running = Job.objects.create(prompt="runningprompt", state=Job.State.RUNNING, step=3, **wish)
    world.things["job"] = running
    world.things["batch"] = batch = Batch.objects.create(
        owner=wish["owner"], row_setting="prompt", row_values=["batchrow"], column_values=list(STATES)
    )
    words = {b"runningprompt", b"batchrow", str(running.pk).encode(), str(batch.pk).encode(), FRAME}
    _kept(running)
    for column, (state, image) in enumerate(world.pictures.items()):
        cell = {"batch": batch, "batch_column": column}
        done = Job.objects.create(prompt=f"{state}prompt", state=Job.State.DONE, image=image, **cell, **wish)
        world.things[f"job {state}"] = done
        _kept(done)
        words |= {done.prompt.encode(), str(done.pk).encode()}
        Image.objects.filter(pk=image.pk).update(origin=Image.Origin.GENERATED)
    world.words["job"] = words


def _kept(job: Job) -> None:
    """A frame of it, and as the time-lapse of one that is done the same bytes."""
    name = default_storage.save(f"frames/{job.pk.hex}.webp", ContentFile(FRAME))
    KeptFrame.objects.create(job=job, step=1, loss=0.5, name=name)
    if job.state == Job.State.DONE:
        name = default_storage.save(f"timelapses/{job.pk.hex}.gif", ContentFile(FRAME))
        TimeLapse.objects.create(job=job, format="gif", state="done", name=name, byte_size=len(FRAME))


def _of_the_site(world: World) -> None:
    """What belongs to nobody. The tasks that the pictures above have asked for are gone with their work."""
    OrmQ.objects.all().delete()
    async_task("math.floor", 1)
    now = timezone.now()
    task = {"func": "math.floor", "started": now, "stopped": now}
    Task.objects.create(id="done", name="done", success=True, **task)
    Task.objects.create(id="failed", name="failed", success=False, **task)
    world.things |= {
        "task waiting": OrmQ.objects.get(),
        "task done": Task.objects.get(id="done"),
        "task failed": Task.objects.get(id="failed"),
        "schedule": Schedule.objects.create(func="math.floor"),
        "group of people": Group.objects.create(name="a group"),
    }


FRAME = np.random.default_rng(5).bytes(24)  # stands for a preview, of which nobody looks into the bytes
