from datetime import timedelta

import pytest
from django.conf import settings as project_settings
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from gallery import purge
from gallery.favourites import add_favourite
from gallery.models import Image
from gallery.tagging import set_tags
from gallery.tasks import purge_trash
from gallery.trash import move_to_trash, restore
from gallery.uploads import DuplicateImage, delete_user, store_image
from tests.gallery.drawing import png


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def trash(image: Image, *, days_ago: float = 0) -> None:
    when = timezone.now() - timedelta(days=days_ago)
    Image.objects.filter(pk=image.pk).update(trashed_at=when)


def files_left() -> int:
    return sum(path.is_file() for path in project_settings.MEDIA_ROOT.rglob("*"))


def choose(*images: Image, **more: str) -> dict[str, object]:
    return {"picture": [str(image.pk) for image in images], **more}


def test_deleting_tells_what_happens_and_moves_to_the_trash(alices, alice, store):
    image = store(alice, title="to go")
    url = reverse("gallery:delete", args=[image.pk])
    page = alices.get(url).content.decode()
    assert "to go" in page
    assert "30 days" in page
    assert Image.objects.kept().count() == 1
    assert alices.post(url)["Location"] == reverse("gallery:mine")
    assert alices.get(image.get_absolute_url()).status_code == 404
    assert "to go" in alices.get(reverse("gallery:trash")).content.decode()


def test_what_is_in_the_trash_is_in_no_count(alices, alice, store):
    trash(store(alice, public=True))
    kept = store(alice, public=True)
    assert list(alices.get(reverse("gallery:mine")).context["page_obj"].object_list) == [kept]
    assert alices.get(reverse("gallery:profile")).context["counts"]["total"] == 1
    assert Image.objects.public().count() == 1


def test_the_administration_does_not_show_what_is_in_a_trash(client, alice, admin, store):
    image = store(alice, title="gone from here")
    trash(image)
    client.force_login(admin)
    assert "gone from here" not in client.get("/admin/gallery/image/").content.decode()
    assert client.get(f"/admin/gallery/image/{image.pk}/change/").status_code == 302  # no such picture


def test_restoring_brings_everything_back_as_it_was(alices, alice, store):
    image = store(alice, public=True, title="back again")
    set_tags(image=image, names=["sea"])
    add_favourite(user=alice, image=image)
    move_to_trash(images=Image.objects.filter(pk=image.pk))
    assert alices.get(reverse("gallery:tag", args=["sea"])).status_code == 404
    response = alices.post(reverse("gallery:trash_restore"), choose(image), follow=True)
    assert "1 picture is restored." in response.content.decode()
    for name in ("gallery:mine", "gallery:favourites", "gallery:explore"):
        Image.objects.update(has_thumbnails=True)
        assert "back again" in alices.get(reverse(name)).content.decode()
    assert alices.get(reverse("gallery:tag", args=["sea"])).status_code == 200


def test_a_hidden_picture_comes_back_hidden(alice, bob, store):
    image = store(alice, public=True)
    Image.objects.update(is_hidden=True)
    trash(image)
    restore(images=Image.objects.in_trash_of(alice))
    assert not Image.objects.visible_to(bob).exists()


def test_deleting_for_good_asks_first_and_takes_the_files_along(
    alices, alice, store, django_capture_on_commit_callbacks
):
    chosen, other = store(alice, title="chosen"), store(alice, title="other")
    trash(chosen), trash(other)
    url = reverse("gallery:trash_delete")
    page = alices.post(url, choose(chosen)).content.decode()
    assert str(chosen.pk) in page
    assert str(other.pk) not in page
    assert Image.objects.count() == 2
    with django_capture_on_commit_callbacks(execute=True):
        alices.post(url, choose(chosen, confirmed="1"))
    assert list(Image.objects.all()) == [other]
    assert files_left() == 1


def test_emptying_asks_first_and_leaves_what_is_not_in_the_trash(alices, alice, bob, store):
    for _ in range(2):
        trash(store(alice))
    kept, bobs = store(alice), store(bob)
    trash(bobs)
    url = reverse("gallery:trash_empty")
    assert "2 pictures" in alices.get(url).content.decode()
    assert Image.objects.count() == 4
    alices.post(url)
    assert set(Image.objects.all()) == {kept, bobs}


@pytest.mark.parametrize("name", ["trash_restore", "trash_delete"])
@pytest.mark.parametrize("chosen", [[], ["no-id"], ["00000000-0000-4000-8000-000000000000"]])
def test_choosing_nothing_says_so(alices, name, chosen):
    response = alices.post(reverse(f"gallery:{name}"), {"picture": chosen}, follow=True)
    assert "Choose pictures first." in response.content.decode()


def test_only_what_is_in_the_trash_can_be_deleted_there(alices, alice, store):
    image = store(alice)
    alices.post(reverse("gallery:trash_delete"), choose(image, confirmed="1"))
    assert Image.objects.count() == 1


def test_what_a_moderator_removed_is_in_no_trash_and_purged_after_the_same_time(client, alice, admin, store):
    image = store(alice, public=True)
    client.force_login(admin)
    client.post(reverse("gallery:delete", args=[image.pk]))
    assert not Image.objects.in_trash_of(alice).exists()
    assert purge.purge_expired() == 0
    long_ago = timezone.now() - timedelta(days=31)
    Image.objects.update(trashed_at=long_ago)
    assert purge.purge_expired() == 0
    Image.objects.update(removed_at=long_ago)
    assert purge.purge_expired() == 1
    assert not Image.objects.exists()


def test_a_moderators_own_picture_goes_to_their_trash(client, admin, store):
    client.force_login(admin)
    client.post(reverse("gallery:delete", args=[store(admin).pk]))
    assert Image.objects.in_trash_of(admin).count() == 1


def test_uploading_the_same_file_again_takes_it_out_of_the_trash(alice):
    image = store_image(owner=alice, file=png(), title="first", visibility=Image.Visibility.PUBLIC)
    set_tags(image=image, names=["sea"])
    trash(image)
    again = store_image(owner=alice, file=png(), title="second")
    assert again == image
    again.refresh_from_db()
    assert (again.trashed_at, again.title, again.visibility) == (None, "first", "private")
    assert again.tags.count() == 1
    assert files_left() == 1
    with pytest.raises(DuplicateImage):
        store_image(owner=alice, file=png())


def test_another_persons_trash_does_not_matter_to_an_upload(alice, bob):
    trash(store_image(owner=alice, file=png()))
    assert store_image(owner=bob, file=png()).owner == bob
    assert Image.objects.kept().count() == 1


def test_the_trash_is_purged_after_its_time(alice, store, settings, django_capture_on_commit_callbacks):
    settings.TRASH_DAYS = 30
    old, new, kept = store(alice), store(alice), store(alice)
    trash(old, days_ago=30.01)
    trash(new, days_ago=29.9)
    with django_capture_on_commit_callbacks(execute=True):
        assert purge_trash() == 1
    assert set(Image.objects.all()) == {new, kept}
    assert files_left() == 2
    settings.TRASH_DAYS = 20
    assert purge_trash() == 1


def test_a_full_trash_is_purged_batch_by_batch(alice, store, monkeypatch):
    monkeypatch.setattr(purge, "BATCH", 2)
    for _ in range(3):
        trash(store(alice), days_ago=31)
    OrmQ.objects.all().delete()
    assert purge_trash() == 2
    assert [item.task["func"] for item in OrmQ.objects.all()] == ["gallery.tasks.purge_trash"]
    assert purge_trash() == 1
    assert OrmQ.objects.count() == 1


def test_deleting_a_person_empties_their_trash_too(alice, store, django_capture_on_commit_callbacks):
    trash(store(alice))
    with django_capture_on_commit_callbacks(execute=True):
        delete_user(user=alice)
    assert not Image.objects.exists()
    assert files_left() == 0
