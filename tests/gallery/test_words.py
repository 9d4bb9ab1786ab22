"""What is said of pictures beside what they show, with a model that knows colours and their names."""

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from gallery import encoder_client, relevance
from gallery.background import CAPTIONS, measure_background
from gallery.editing import edit_image
from gallery.embedding import as_array
from gallery.filters import Filters
from gallery.index import index_for
from gallery.models import Background, Embedding, EncodingModel, Image, PendingWords, words_of
from gallery.search import Order, search
from gallery.serving import begin, follow_encoder
from gallery.tagging import add_tags, set_tags
from gallery.uploads import delete_image
from gallery.words import triggers
from gallery.words.following import embed_words, request_words
from gallery.words.said import LONGEST, said_of
from tests.gallery.colour_model import MODEL_ID, direction
from tests.gallery.conftest import wait_for

WORDS = words_of(MODEL_ID)


@pytest.fixture
def serving(encoder, db) -> EncodingModel:
    follow_encoder()
    return EncodingModel.objects.get(model_id=MODEL_ID)


@pytest.fixture
def words_background(colour_background) -> Background:
    """Beside that of the pictures: half of all captions name no colour at all, the others a mixed one."""
    rng = np.random.default_rng(4)
    captions = np.stack([direction((0, 0, 0))] * 30 + [direction(c) for c in rng.uniform(0, 1, (29, 3))])
    return Background.objects.create(
        model_id=WORDS,
        vectors=captions.astype("<f4").tobytes(),
        dim=4,
        spread=0.1,
        line=5.0,
        near=5.0,
        asked_at=timezone.now(),
        measured_at=timezone.now(),
    )


def make_all() -> int:
    return embed_words(image_ids=list(PendingWords.objects.values_list("pk", flat=True)))


def vector_of(image: Image) -> np.ndarray:
    return as_array(Embedding.objects.get(image=image, model_id=WORDS))


def titles(results) -> list[str]:
    return [hit.image.title for hit in results.hits]


# Which words


def test_title_caption_and_tags_are_one_text(alice, store):
    image = store(alice, title="A cup of coffee.")
    image.caption = "In the\n kitchen"
    set_tags(image=image, names=["morning", "espresso"])
    assert said_of(image) == "A cup of coffee. In the kitchen. espresso, morning"


@pytest.mark.parametrize(
    "name",
    [
        "IMG 1234",
        "DSC_0042",
        "PXL_20240501_101112",
        "20240501-101112",
        "IMG-20240501-WA0007",
        "P1010023",
        "Screenshot 2024-05-01",
        "untitled",
        "0f3a9c2e77d1b4a6",
    ],
)
def test_names_that_cameras_give_say_nothing(alice, store, name):
    assert said_of(store(alice, title=name)) == ""


@pytest.mark.parametrize("name", ["Falcon 9", "Beach 2024", "Scanner", "Pictures of Anna", "cafe"])
def test_names_that_people_give_do(alice, store, name):
    assert said_of(store(alice, title=name)) == name


def test_a_long_text_is_cut(alice, store):
    image = store(alice, title="Long")
    image.caption = "word " * 300
    assert len(said_of(image)) == LONGEST


# Following them


def test_every_change_of_words_is_noted_and_nothing_else_is(alice, store):
    silent, image = store(alice), store(alice, title="red")
    assert list(PendingWords.objects.values_list("pk", "version")) == [(image.pk, 1)]
    edit_image(image=image, title="blue", tags=["sea"])
    edit_image(image=image, title="blue", tags=["sea"], visibility=Image.Visibility.PUBLIC)
    assert PendingWords.objects.get().version == 3  # the title and the tag
    add_tags(images=Image.objects.filter(pk=silent.pk), names=["sky"])
    set_tags(image=image, names=[])
    assert dict(PendingWords.objects.values_list("pk", "version")) == {image.pk: 4, silent.pk: 1}


def test_the_vector_of_the_words_is_made_and_follows_them(alice, store, serving):
    image = store(alice, title="red")
    assert make_all() == 1
    assert vector_of(image) == pytest.approx(direction((1, 0, 0)), abs=1e-6)
    assert not PendingWords.objects.exists()
    edit_image(image=image, title="", tags=["blue"])
    make_all()
    assert vector_of(image) == pytest.approx(direction((0, 0, 1)), abs=1e-6)
    set_tags(image=image, names=[])
    make_all()
    assert not Embedding.objects.filter(image=image, model_id=WORDS).exists()
    assert not PendingWords.objects.exists()


def test_words_that_change_while_they_are_encoded_are_encoded_again(alice, store, serving, monkeypatch):
    image = store(alice, title="red")
    encode = encoder_client.encode_texts

    def edited_meanwhile(*args, **named):
        Image.objects.filter(pk=image.pk).update(title="blue")
        return encode(*args, **named)

    monkeypatch.setattr(encoder_client, "encode_texts", edited_meanwhile)
    make_all()
    monkeypatch.undo()
    assert PendingWords.objects.filter(pk=image.pk, taken_until=None).exists()
    make_all()
    assert vector_of(image) == pytest.approx(direction((0, 0, 1)), abs=1e-6)


def test_an_encoder_that_is_away_loses_no_words(alice, store, serving, settings, tmp_path):
    image = store(alice, title="red")
    settings.ENCODER_URL = f"unix://{tmp_path}/nobody.sock"
    assert request_words() == 0
    assert make_all() == 0
    assert PendingWords.objects.filter(pk=image.pk).exists()


def test_the_queue_is_asked_once_and_again_when_the_task_was_lost(alice, store, serving):
    store(alice, title="red")
    assert [request_words(), request_words()] == [1, 0]
    PendingWords.objects.update(taken_until=timezone.now())
    assert request_words() == 1


def test_a_deleted_picture_leaves_no_words(alice, store, serving):
    image = store(alice, title="red")
    set_tags(image=image, names=["blue"])
    delete_image(image=image)
    assert make_all() == 0
    assert not PendingWords.objects.exists()


def test_a_table_that_was_built_anew_gets_its_triggers_back(alice, store, transactional_db):
    triggers.remove(connection)
    call_command("migrate", verbosity=0)
    image = store(alice, title="red")
    assert PendingWords.objects.filter(pk=image.pk).exists()


def test_another_model_gets_vectors_of_all_words_and_the_serving_one_no_new_ones(
    alice, store, embed, serving, encoder
):
    image = store(alice, title="red")
    embed(image, 1, 0, 0)
    make_all()
    before = Embedding.objects.get(image=image, model_id=WORDS).pk
    other = EncodingModel.objects.create(model_id="greys", name="next")
    assert begin(model=other)
    assert PendingWords.objects.get().version == 0
    assert request_words() == 0  # the encoder loads it only now
    wait_for(lambda: encoder_client.has(other))
    assert request_words() == 1
    make_all()
    assert Embedding.objects.filter(image=image, model_id=words_of("greys")).count() == 1
    assert Embedding.objects.get(image=image, model_id=WORDS).pk == before


def test_what_changes_while_the_next_model_is_not_there_waits_for_it_alone(alice, store, serving, encoder):
    encoder.next_trouble = OSError("no weights")
    begin(model=EncodingModel.objects.create(model_id="greys", name="next"))
    image = store(alice, title="red")
    assert request_words() == 1
    assert make_all() == 1
    assert vector_of(image) == pytest.approx(direction((1, 0, 0)), abs=1e-6)
    PendingWords.objects.update(taken_until=None)
    assert PendingWords.objects.get().version == 0
    assert request_words() == 0


# Searching


def test_a_picture_that_the_model_does_not_recognise_is_found_by_its_words(
    alice, store, embed, serving, words_background
):
    for title, colour in {"yellow": (1, 1, 0), "thing": (0.3, 0.9, 0.2), "red": (0, 0, 1)}.items():
        embed(store(alice, title=title), *colour)
    before = search(user=alice, text="red")
    assert (titles(before)[-1], [hit.by_words for hit in before.hits]) == ("red", [False] * 3)
    make_all()
    results = search(user=alice, text="red")
    first = results.hits[0]
    assert (first.image.title, first.by_words, first.is_likely) == ("red", True, True)
    assert first.score == pytest.approx(float(direction((1, 0, 0)) @ direction((0, 0, 1))), abs=1e-6)
    assert first.distinctness > results.hits[1].distinctness
    assert {hit.image.title: hit.by_words for hit in results.hits}["thing"] is False


def test_of_two_pictures_with_the_same_words_the_one_that_shows_it_comes_first(
    alice, store, embed, serving, words_background
):
    embed(store(alice, title="red"), 0.8, 0.1, 0.1)
    embed(store(alice, title="red"), 0, 1, 1)  # the newest, which comes first where all else is equal
    make_all()
    scores = [hit.score for hit in search(user=alice, text="red").hits]
    assert scores == sorted(scores, reverse=True)


def test_pages_and_dates_keep_lifted_pictures_in_their_place(alice, store, embed, serving, words_background):
    """Whole pages of single pictures, put together, are the order of one page."""
    for number in range(6):
        embed(store(alice, title="red" if number in {0, 3} else f"thing {number}"), 1, number / 5, 0)
    make_all()
    for order in (Order.RELEVANCE, Order.DATE):
        whole = search(user=alice, text="red", order=order, size=10)
        single = [
            search(user=alice, text="red", order=order, page=page, size=1).hits[0] for page in range(1, 7)
        ]
        assert [hit.image.pk for hit in single] == [hit.image.pk for hit in whole.hits]
        assert whole.likely == sum(hit.is_likely for hit in whole.hits)
        likely = [hit.is_likely for hit in whole.hits]
        assert likely == sorted(likely, reverse=True)


def test_the_words_of_somebody_elses_private_picture_change_nothing(
    alice, bob, store, embed, serving, words_background
):
    embed(store(alice, title="green thing"), 0, 1, 0)
    embed(store(bob, title="red"), 0, 0, 1)
    without = search(user=alice, text="red")
    make_all()
    with_words = search(user=alice, text="red")
    assert (with_words.hits, with_words.total, with_words.likely) == (without.hits, 1, without.likely)


def test_filters_and_mixes_are_what_they_were(alice, store, embed, serving, words_background):
    image = store(alice, title="red")
    embed(image, 0, 0, 1)
    embed(store(alice, title="other"), 1, 1, 0)
    make_all()
    assert titles(search(user=alice, text="red + yellow"))[0] == "other"
    assert titles(search(user=alice, like=image)) == ["other"]
    assert titles(search(user=alice, text="red", filters=Filters(favourite=True))) == []


def test_without_a_measured_background_of_words_pictures_count_alone(
    alice, store, embed, serving, colour_background
):
    embed(store(alice, title="red"), 0, 0, 1)
    embed(store(alice, title="other"), 1, 1, 0)
    make_all()
    assert titles(search(user=alice, text="red"))[0] == "other"


def test_the_page_says_which_pictures_stand_there_for_their_words(
    client, alice, store, embed, serving, words_background
):
    client.force_login(alice)
    embed(store(alice, title="red"), 0, 0, 1)
    embed(store(alice, title="other"), 1, 1, 0)
    make_all()
    page = client.get("/search/", {"q": "red"}).content.decode()
    assert page.count("data-by-words") == 1
    assert page.index("data-by-words") < page.index("other")


def test_a_search_that_nothing_is_near_stays_one_that_matches_nothing(
    alice, store, embed, serving, words_background
):
    embed(store(alice, title="blue sea"), 0, 0, 1)
    make_all()
    assert search(user=alice, text="red").nothing_matches


# The index and the model


def test_the_index_gives_those_above_a_cosine_best_first(alice, store, serving):
    near, nearer, far = (store(alice, title=title) for title in ("red red yellow", "red", "blue"))
    make_all()
    found = index_for(WORDS).above(direction((1, 0, 0)), least=0.7, most=10)
    assert [image_id for image_id, _cosine in found] == [nearer.pk, near.pk]
    assert found[0][1] == pytest.approx(1, abs=1e-6)
    assert len(index_for(WORDS).above(direction((1, 0, 0)), least=0.7, most=1)) == 1
    assert far.pk not in dict(found)


def test_measuring_a_background_measures_that_of_words_too(serving):
    measure_background()
    rows = {row.model_id: row for row in Background.objects.all()}
    assert set(rows) == {MODEL_ID, WORDS}
    assert len(bytes(rows[WORDS].vectors)) == len(CAPTIONS.read_text().splitlines()) * rows[WORDS].dim * 4


def test_a_model_to_which_all_captions_are_the_same_lifts_nothing(alice, store, embed, serving):
    """That of colours: no caption names any."""
    measure_background()
    embed(store(alice, title="red"), 0, 0, 1)
    embed(store(alice, title="other"), 1, 1, 0)
    make_all()
    assert titles(search(user=alice, text="red"))[0] == "other"


def test_the_line_of_words_is_what_few_unrelated_captions_reach():
    rng = np.random.default_rng(5)
    captions = rng.normal(size=(80, 12)).astype(np.float32)
    captions /= np.linalg.norm(captions, axis=1, keepdims=True)
    measured = relevance.measure_words(captions)
    cosines = captions @ captions.T
    reached = 0
    for row, query in enumerate(captions):
        others = np.delete(cosines[row], row)
        reached += int((others >= relevance.scale(query, measured).line).sum())
    assert reached / (80 * 79) == pytest.approx(relevance.WORDS_FALSE_ALARM, abs=0.001)
