"""Taking one's data along, and leaving for good."""

import io
import json
import zipfile

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as project_settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from gallery import tasks
from gallery.albums import add_pictures, create_album
from gallery.favourites import add_favourite
from gallery.models import Album, Image, User
from gallery.people import leaving
from gallery.tagging import set_tags
from gallery.uploads import store_image
from generator.models import Job, KeptFrame
from tests.conftest import PASSWORD
from tests.gallery.drawing import encoded, noise, upload


@pytest.fixture
def carol(client, db) -> User:
    """Signed in, and has given her password once more just now."""
    user = User.objects.create_user("carol", "carol@example.org", PASSWORD)
    client.post(reverse("account_login"), {"login": "carol", "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return user


@pytest.fixture
def dave(db) -> User:
    return User.objects.create_user("dave", password=PASSWORD)


def picture_of(user: User, seed: int = 0, **fields) -> Image:
    return store_image(owner=user, file=upload(encoded(noise(seed=seed))), **fields)


def taken_out(client) -> zipfile.ZipFile:
    response = client.post(reverse("gallery:take_out"))
    assert (response.status_code, response["Content-Type"]) == (200, "application/zip")
    assert "attachment" in response["Content-Disposition"]

    async def read() -> bytes:
        return b"".join([piece async for piece in response.streaming_content])

    return zipfile.ZipFile(io.BytesIO(async_to_sync(read)()))


def test_a_person_takes_along_all_that_is_theirs_and_nothing_else(client, carol, dave):
    image = picture_of(carol, title="My boat", visibility=Image.Visibility.PUBLIC)
    set_tags(image=image, names=["sea"])
    trashed = picture_of(carol, seed=1)
    Image.objects.filter(pk=trashed.pk).update(trashed_at=timezone.now())
    album = create_album(owner=carol, title="Summer", visibility=Album.Visibility.UNLISTED)
    add_pictures(album=album, images=Image.objects.filter(pk=image.pk))
    Job.objects.create(owner=carol, prompt="a red boat", seed=1, steps=1, width=64, height=64)
    picture_of(dave, seed=2, title="of somebody else")
    with taken_out(client) as archive:
        documents = {name: json.loads(archive.read(name)) for name in archive.namelist() if ".json" in name}
        pictures = {row["title"]: row for row in documents["pictures.json"]}
        assert archive.read(pictures["My boat"]["file"]) == encoded(noise(seed=0))
        assert sum(name.startswith("pictures/") for name in archive.namelist()) == 2
    (account,) = documents["account.json"]
    assert account["email"] == "carol@example.org"
    assert [row["name"] for row in documents["tags.json"]] == ["sea"]
    assert [row["prompt"] for row in documents["studio.json"]] == ["a red boat"]
    assert [row["title"] for row in documents["albums.json"]] == ["Summer"]
    everything = json.dumps(documents)
    assert "of somebody else" not in everything
    assert carol.password not in everything
    assert album.token not in everything


def test_the_frames_of_the_studio_come_along_as_far_as_they_are_to_be_seen(client, carol, dave):
    for owner, prompt in ((carol, "mine"), (carol, "given up"), (dave, "of somebody else")):
        job = Job.objects.create(owner=owner, prompt=prompt, seed=1, steps=1, width=64, height=64)
        name = default_storage.save(f"frames/aa/{job.pk.hex}-3.webp", ContentFile(prompt.encode()))
        KeptFrame.objects.create(job=job, step=3, loss=0.5, name=name)
    Job.objects.filter(prompt="given up").update(state=Job.State.CANCELLED)
    mine = Job.objects.get(prompt="mine")
    with taken_out(client) as archive:
        (row,) = json.loads(archive.read("studio-frames.json"))
        assert (row["name"], row["job"]) == (f"frames/{mine.pk}/0003.webp", str(mine.pk))
        assert [name for name in archive.namelist() if name.startswith("frames/")] == [row["name"]]
        assert archive.read(row["name"]) == b"mine"


def test_a_favourite_that_its_owner_took_back_is_not_told(client, carol, dave):
    own = picture_of(carol)
    public = Image.Visibility.PUBLIC
    shown, taken_back = (picture_of(dave, seed=seed, visibility=public) for seed in (1, 2))
    for image in (own, shown, taken_back):
        add_favourite(user=carol, image=image)
    Image.objects.filter(pk=taken_back.pk).update(visibility=Image.Visibility.PRIVATE)
    with taken_out(client) as archive:
        told = {row["image"] for row in json.loads(archive.read("favourites.json"))}
    assert told == {str(own.pk), str(shown.pk)}


@pytest.mark.parametrize("name", ["take_out", "leave"])
def test_the_password_is_asked_for_again_after_a_while(client, carol, name):
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": 0}]
    session.save()
    response = client.get(reverse(f"gallery:{name}"))
    assert (response.status_code, response["Location"].split("?")[0]) == (
        302,
        reverse("account_reauthenticate"),
    )


@pytest.mark.parametrize("name", ["take_out", "leave"])
def test_visitors_are_asked_to_sign_in(client, db, name):
    assert client.post(reverse(f"gallery:{name}"))["Location"].startswith(reverse("account_login"))


def test_leaving_asks_for_the_user_name(client, carol):
    response = client.post(reverse("gallery:leave"), {"username": "dave"})
    assert response.status_code == 422
    assert "This is not your user name." in response.content.decode()
    assert User.objects.get(pk=carol.pk).is_active


@pytest.mark.django_db(transaction=True)
def test_who_leaves_is_gone_at_once_and_then_for_good(client, carol, dave):
    image = picture_of(carol, visibility=Image.Visibility.PUBLIC)
    album = create_album(owner=carol, title="Summer", visibility=Album.Visibility.UNLISTED)
    link = album.get_shared_url()
    OrmQ.objects.all().delete()
    response = client.post(reverse("gallery:leave"), {"username": "carol"}, follow=True)
    assert "Your account is closed" in response.content.decode()
    assert client.get(reverse("gallery:profile")).status_code == 302
    assert client.get(image.get_absolute_url()).status_code == 404
    assert client.get(link).status_code == 404
    client.post(reverse("account_login"), {"login": "carol", "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    task = OrmQ.objects.get().task
    assert task["func"] == "gallery.tasks.delete_leaving"
    tasks.delete_leaving(*task["args"])
    assert list(User.objects.values_list("username", flat=True)) == ["dave"]
    assert not Image.objects.exists()
    assert not [path for path in project_settings.MEDIA_ROOT.rglob("*") if path.is_file()]
    tasks.delete_leaving(*task["args"])  # delivered twice


def test_a_lost_task_is_given_again_and_nobody_is_deleted_who_did_not_ask(carol, dave):
    leaving.close_account(user=carol)
    OrmQ.objects.all().delete()
    assert tasks.requeue_leaving() == 0
    User.objects.filter(pk=carol.pk).update(leaving_at=timezone.now() - 2 * leaving.LOST_AFTER)
    assert tasks.requeue_leaving() == 1
    assert tasks.requeue_leaving() == 0
    assert OrmQ.objects.get().task["args"] == (carol.pk,)
    tasks.delete_leaving(dave.pk)
    assert User.objects.filter(pk=dave.pk).exists()


def test_the_last_administrator_stays(client, carol, dave):
    User.objects.filter(pk=carol.pk).update(is_superuser=True, is_staff=True)
    response = client.post(reverse("gallery:leave"), {"username": "carol"}, follow=True)
    assert "You are the only administrator." in response.content.decode()
    User.objects.filter(pk=dave.pk).update(is_superuser=True, is_staff=True)
    assert (
        "closed" in client.post(reverse("gallery:leave"), {"username": "carol"}, follow=True).content.decode()
    )
