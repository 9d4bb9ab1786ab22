import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from gallery.models import Image, Tag
from gallery.tagging import MAX_TAGS, add_tags, parse_tags, set_tags, tags_of


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def names_of(image: Image) -> list[str]:
    return [tag.name for tag in image.tags.all()]


def edit(client, image: Image, **fields: str):
    form = {"title": "", "caption": "", "tags": "", "visibility": "private", **fields}
    return client.post(reverse("gallery:edit", args=[image.pk]), form)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        (" , ,\n", []),
        ("Sea, sunset", ["sea", "sunset"]),
        ("blue   sky\nSEA,sea", ["blue sky", "sea"]),
        ("café, cafe\u0301", ["café"]),
        ("C++, 1980s, 猫", ["c++", "1980s", "猫"]),
    ],
)
def test_tags_are_words_between_commas_each_once(text, names):
    assert parse_tags(text) == names


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("sea, " + 51 * "a", "too_long", "51"),
        ("sea, a/b", "not_a_tag", "a/b"),
        ("sea, ..", "not_a_tag", "“..”"),
        ("bell\x07", "not_a_tag", "bell"),
        (",".join(map(str, range(MAX_TAGS + 1))), "too_many", "51"),
    ],
)
def test_what_cannot_be_a_tag_is_refused_with_the_reason(text, code, part):
    with pytest.raises(ValidationError) as caught:
        parse_tags(text)
    assert caught.value.code == code
    assert part in caught.value.messages[0]


def test_caption_and_tags_are_written_in_the_form_and_shown_on_the_page(alices, alice, store):
    image = store(alice)
    edit(alices, image, caption="In July.\nAt the <sea>.", tags="Sea, Blue sky")
    page = alices.get(image.get_absolute_url()).content.decode()
    assert "In July.<br>At the &lt;sea&gt;." in page
    assert f'href="{reverse("gallery:tag", args=["blue sky"])}"' in page
    assert 'value="blue sky, sea"' in alices.get(reverse("gallery:edit", args=[image.pk])).content.decode()


def test_the_form_replaces_the_tags_and_a_wrong_one_changes_nothing(alices, alice, store):
    image = store(alice, title="old")
    set_tags(image=image, names=["sea", "old"])
    assert edit(alices, image, tags="sea, new").status_code == 302
    assert names_of(image) == ["new", "sea"]
    response = edit(alices, image, title="changed", tags="a/b")
    assert response.status_code == 400
    assert "a/b" in response.content.decode()
    image.refresh_from_db()
    assert (image.title, names_of(image)) == ("", ["new", "sea"])


def test_a_tags_page_has_ones_own_and_public_pictures(alices, alice, bob, store):
    own, public, private = store(alice, title="own"), store(bob, public=True, title="pub"), store(bob)
    for image in (own, public, private):
        set_tags(image=image, names=["sea"])
    page = alices.get(reverse("gallery:tag", args=["sea"]))
    assert set(page.context["page_obj"].object_list) == {own, public}
    assert alices.get("/tags/SEA/")["Location"] == "/tags/sea/"


@pytest.mark.parametrize("path", ["/tags/nothing/", "/tags/%20/", "/tags/a%00b/", "/tags/sea/?page=2"])
def test_a_tag_without_pictures_is_not_found(alices, alice, store, path):
    set_tags(image=store(alice), names=["sea"])
    assert alices.get(path).status_code == 404


def test_the_list_of_tags_counts_ones_own_pictures_alone(alices, alice, bob, store):
    for names in (["sea"], ["sea", "boat"]):
        set_tags(image=store(alice), names=names)
    set_tags(image=store(bob, public=True), names=["sea", "bobs"])
    assert alices.get(reverse("gallery:tags")).context["tags"] == [("boat", 1), ("sea", 2)]


def test_others_learn_only_of_tags_on_what_they_see(alice, bob, admin, store):
    set_tags(image=store(alice), names=["secret"])
    set_tags(image=store(alice, public=True), names=["known"])
    assert tags_of(bob, owner=alice) == [("known", 1)]
    assert tags_of(admin, owner=alice) == [("known", 1), ("secret", 1)]


def test_adding_tags_keeps_those_that_are_there_and_skips_full_pictures(alice, store):
    few, full = store(alice), store(alice)
    set_tags(image=few, names=["sea"])
    set_tags(image=full, names=[f"tag {number}" for number in range(MAX_TAGS)])
    assert add_tags(images=Image.objects.all(), names=["sea", "boat"]) == 1
    assert names_of(few) == ["boat", "sea"]
    assert full.tags.count() == MAX_TAGS


def test_a_tag_goes_with_its_last_picture(alice, store):
    image = store(alice)
    set_tags(image=image, names=["sea"])
    image.delete()
    assert not Tag.objects.exists()
