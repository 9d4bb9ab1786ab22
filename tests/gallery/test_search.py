"""Ranking with real vectors of a model that knows colours."""

import pytest
from django.contrib.auth.models import AnonymousUser

from gallery import search as search_module
from gallery.embedding import store_vector
from gallery.encoder_client import EncoderUnavailable
from gallery.mixing import NotEmbedded, TermsCancel
from gallery.models import Image
from gallery.preparation import prepare_image
from gallery.search import NoSuchPage, search
from gallery.uploads import delete_image, store_image
from tests.gallery.colour_model import direction
from tests.gallery.drawing import png


@pytest.fixture
def coloured(alice, encoder) -> dict[str, Image]:
    """Alice's plain pictures, stored and prepared as uploads are."""
    images = {}
    for color in ("red", "blue", "yellow"):
        images[color] = store_image(owner=alice, file=png(color=color), title=color)
        prepare_image(image_id=images[color].pk, attempt=0)
    return images


def titles(results) -> list[str]:
    return [hit.image.title for hit in results.hits]


def test_words_find_the_picture_they_describe(alice, coloured):
    assert titles(search(user=alice, text="a red thing")) == ["red", "yellow", "blue"]
    assert titles(search(user=alice, text="blue"))[0] == "blue"


def test_scores_are_the_cosines_of_words_and_pictures(alice, coloured):
    hits = search(user=alice, text="red").hits
    expected = [
        float(direction((1, 0, 0)) @ direction(colour)) for colour in ((1, 0, 0), (1, 1, 0), (0, 0, 1))
    ]
    assert [hit.score for hit in hits] == pytest.approx(expected, abs=1e-3)


def test_more_like_this_ranks_the_others_and_leaves_itself_out(alice, coloured):
    results = search(user=alice, like=coloured["yellow"])
    assert titles(results) == ["red", "blue"]
    assert results.total == 2


def test_more_like_this_works_while_the_encoder_is_away(alice, coloured, no_encoder):
    assert titles(search(user=alice, like=coloured["yellow"])) == ["red", "blue"]
    with pytest.raises(EncoderUnavailable):
        search(user=alice, text="red")


def test_words_and_a_picture_together_rank_by_the_direction_between_them(alice, coloured, store, embed):
    purple = store(alice, title="purple")
    embed(purple, 1, 0, 1)
    results = search(user=alice, text="blue", like=coloured["red"])
    assert titles(results)[0] == "purple"


def test_words_can_be_added_weighted_and_taken_away(alice, coloured, store, embed):
    purple = store(alice, title="purple")
    embed(purple, 1, 0, 1)
    assert titles(search(user=alice, text="red + blue"))[0] == "purple"
    assert titles(search(user=alice, text="5*red + blue"))[0] == "red"
    assert titles(search(user=alice, text="yellow - red"))[-1] in {"red", "purple"}
    assert titles(search(user=alice, text="0.2*blue", like=coloured["red"]))[-1] == "blue"


def test_a_mix_scores_as_the_cosine_with_the_weighted_sum(alice, coloured):
    total = 2 * direction((1, 0, 0)) - 0.5 * direction((0, 0, 1))
    (best, *_) = search(user=alice, text="2*red - 0.5*blue").hits
    expected = float(direction((1, 0, 0)) @ total) / float((total @ total) ** 0.5)
    assert (best.image.title, best.score) == ("red", pytest.approx(expected, abs=1e-3))


def test_terms_that_cancel_each_other_out_are_told(alice, coloured):
    with pytest.raises(TermsCancel):
        search(user=alice, text="red - red")


def test_only_what_the_reader_may_see_is_found_and_counted(alice, bob, admin, coloured, store, embed):
    public = store(bob, title="public red", public=True)
    embed(public, 1, 0.1, 0)
    private = store(bob, title="private red")
    embed(private, 1, 0.1, 0.1)
    hidden = store(bob, title="hidden red", public=True)
    embed(hidden, 1, 0, 0)
    Image.objects.filter(pk=hidden.pk).update(is_hidden=True)

    def found(user) -> set[str]:
        results = search(user=user, text="red")
        assert results.total == len(results.hits)
        return set(titles(results))

    own = {"red", "blue", "yellow"}
    assert found(alice) == own | {"public red"}
    assert found(bob) == {"public red", "private red", "hidden red"}
    assert found(AnonymousUser()) == {"public red"}
    assert found(admin) == own | {"public red", "private red", "hidden red"}


def test_what_is_published_hidden_or_deleted_is_at_once(alice, bob, coloured):
    image = coloured["red"]
    assert search(user=bob, text="red").total == 0
    Image.objects.filter(pk=image.pk).update(visibility=Image.Visibility.PUBLIC)
    assert titles(search(user=bob, text="red")) == ["red"]
    Image.objects.filter(pk=image.pk).update(is_hidden=True)
    assert search(user=bob, text="red").total == 0
    delete_image(image=image)
    assert titles(search(user=alice, text="red")) == ["yellow", "blue"]


def test_a_new_picture_is_found_at_once(alice, coloured, store, embed):
    search(user=alice, text="green")
    embed(store(alice, title="green"), 0, 1, 0)
    assert titles(search(user=alice, text="green"))[0] == "green"


def test_pending_and_failed_pictures_are_not_found(alice, coloured, store, embed):
    store(alice, title="pending")
    failed = store(alice, title="failed")
    embed(failed, 1, 0, 0)
    Image.objects.filter(pk=failed.pk).update(status=Image.Status.FAILED)
    assert set(titles(search(user=alice, text="red"))) == {"red", "yellow", "blue"}


def test_pages_go_on_to_the_last_picture_without_gap_or_repetition(alice, store, embed, encoder, monkeypatch):
    monkeypatch.setattr(search_module, "PAGE_SIZE", 4)
    for number in range(10):
        embed(store(alice, title=str(number)), 1, number / 10, 0)
    pages = [search(user=alice, text="red", page=number) for number in (1, 2, 3)]
    assert [title for page in pages for title in titles(page)] == [str(number) for number in range(10)]
    assert {(page.total, page.num_pages) for page in pages} == {(10, 3)}
    assert [(page.has_previous, page.has_next) for page in pages] == [
        (False, True),
        (True, True),
        (True, False),
    ]
    with pytest.raises(NoSuchPage):
        search(user=alice, text="red", page=4)


def test_a_picture_without_a_vector_cannot_be_searched_with(alice, store, encoder):
    image = store(alice)
    with pytest.raises(NotEmbedded):
        search(user=alice, like=image)
    with pytest.raises(NotEmbedded):
        search(user=alice, like=image, text="red")


def test_vectors_of_an_earlier_model_are_not_compared_with_words(alice, coloured, store):
    image = store(alice, title="older")
    store_vector(image=image, model_id="older model", vector=direction((1, 0, 0)))
    assert "older" not in titles(search(user=alice, text="red"))
    with pytest.raises(NotEmbedded):
        search(user=alice, like=image, text="red")


def test_nothing_to_search_for_is_a_mistake_of_the_caller(alice):
    with pytest.raises(ValueError, match="Nothing to search for"):
        search(user=alice)
