"""Which of these? Labels on pictures, with probabilities."""

import csv
import io
import re

import numpy as np
import pytest
from django.urls import reverse

from gallery.albums import add_pictures, create_album
from gallery.labels import MAX_LABEL, MAX_LABELS, Label
from gallery.models import Image
from gallery.views.subjects import MAX_CHOSEN
from gallery.zeroshot import classify, encode_labels
from tests.gallery.colour_model import ColourModel, direction

URL = "/which/"


@pytest.fixture
def coloured(client, alice, store, embed, encoder):
    client.force_login(alice)
    images = [store(alice, title="the red one"), store(alice, title="the blue one")]
    embed(images[0], 1, 0, 0)
    embed(images[1], 0, 0, 1)
    return images


def labels_of(*words):
    return [Label(word, word) for word in words]


def ask(client, images, labels: str, **more):
    return client.get(URL, {"picture": [str(image.pk) for image in images], "labels": labels, **more})


def test_probabilities_are_the_softmax_of_scaled_cosines(coloured):
    """Radford et al. 2021, section 3.1, computed here once more by hand."""
    matrix = classify(images=coloured, labels=labels_of("red", "blue", "green"))
    got = np.array([[share.probability for share in row.shares] for row in matrix.rows])
    pictures = np.stack([direction((1, 0, 0)), direction((0, 0, 1))])
    words = np.stack([direction((1, 0, 0)), direction((0, 0, 1)), direction((0, 1, 0))])
    odds = np.exp(ColourModel.logit_scale * (pictures @ words.T))
    assert got == pytest.approx(odds / odds.sum(axis=1, keepdims=True), abs=1e-4)
    assert got.sum(axis=1) == pytest.approx([1, 1])


def test_labels_are_put_into_the_models_sentence(coloured, encoder):
    classify(images=coloured, labels=labels_of("red", "blue"))
    assert encoder.model.batches[-1] == ["something red", "something blue"]


def test_one_picture_gets_bars_with_the_most_probable_first(client, coloured):
    response = ask(client, coloured[1:], "red\nblue\ngreen")
    page = response.content.decode()
    assert response.status_code == 200
    assert re.findall(r'data-label="(\w+)"', page)[0] == "blue"
    assert page.count("<meter") == 3
    assert "bars__row--best" in page


def test_several_pictures_make_a_table_with_a_row_each(client, coloured):
    page = ask(client, coloured, "red, blue, green").content.decode()
    assert page.count("<meter") == 6
    assert page.count("matrix__best") == 2
    rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)[1:]
    assert ["the red one" in rows[0], "the blue one" in rows[1]] == [True, True]


def test_labels_are_trimmed_and_taken_once(client, coloured):
    response = ask(client, coloured, " red ,, red\n\n  dark   blue ")
    assert response.context["matrix"].labels == ["red", "dark blue"]


def test_the_form_keeps_what_was_written(client, coloured):
    assert "red\nblue" in ask(client, coloured, "red\nblue").content.decode()


def test_without_labels_the_page_asks_for_them(client, coloured):
    response = client.get(URL, {"picture": str(coloured[0].pk)})
    assert response.status_code == 200
    assert "<textarea" in response.content.decode()


def test_without_pictures_the_page_tells_where_to_choose_them(client, db):
    response = client.get(URL)
    assert response.status_code == 200
    assert reverse("gallery:mine") in response.content.decode()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("", "Write at least two labels."),
        ("red", "at least two different labels"),
        ("red,red, red", "at least two different labels"),
        (",,,\n", "Write at least two labels."),
        (",".join(f"label {number}" for number in range(MAX_LABELS + 1)), f"At most {MAX_LABELS} labels"),
        ("red," + "a" * (MAX_LABEL + 1), f"at most {MAX_LABEL} characters"),
    ],
)
def test_wrong_labels_are_refused_with_what_to_do(client, coloured, labels, message):
    response = ask(client, coloured, labels)
    assert response.status_code == 400
    assert message in response.content.decode()
    assert response.context["matrix"] is None


def test_too_many_pictures_are_refused(client, coloured):
    chosen = [str(coloured[0].pk)] * (MAX_CHOSEN + 1)
    response = client.get(URL, {"picture": chosen, "labels": "red,blue"})
    assert response.status_code == 400
    assert f"At most {MAX_CHOSEN} pictures" in response.content.decode()


@pytest.mark.parametrize("pk", ["nonsense", "00000000-0000-4000-8000-000000000000"])
def test_a_picture_that_does_not_exist_is_not_found(client, coloured, pk):
    assert client.get(URL, {"picture": [str(coloured[0].pk), pk], "labels": "a,b"}).status_code == 404


def test_an_encoder_that_is_away_is_told_with_503_and_the_labels_are_kept(client, coloured, no_encoder):
    response = ask(client, coloured, "red\ndark blue")
    page = response.content.decode()
    assert response.status_code == 503
    assert "is not answering" in page
    assert "dark blue" in page


def test_pictures_without_a_vector_are_left_out_and_told(client, coloured, alice, store):
    response = ask(client, [*coloured, store(alice, title="waiting")], "red,blue")
    assert response.status_code == 200
    assert len(response.context["matrix"].rows) == 2
    assert "1 picture is left out" in response.content.decode()


def test_labels_cannot_inject_markup(client, coloured):
    assert "<script>alert" not in ask(client, coloured, "<script>alert(1)</script>,b").content.decode()


# What is asked about: an album, or a search


@pytest.fixture
def many(coloured, alice, store, embed):
    """With those of `coloured`: five red pictures and one blue one."""
    for number in range(4):
        embed(store(alice, title=f"more red {number}"), 1, 0, 0)
    return list(alice.images.all())


def test_a_whole_album_is_classified_in_its_own_order(client, alice, coloured):
    album = create_album(owner=alice, title="two")
    add_pictures(album=album, images=coloured)
    response = client.get(URL, {"album": str(album.pk), "labels": "red,blue"})
    assert [row.image for row in response.context["matrix"].rows] == coloured
    assert "The album <a" in response.content.decode()
    assert f'name="album" value="{album.pk}"' in response.content.decode()


def test_an_empty_album_says_that_there_is_nothing_to_ask_about(client, alice, coloured):
    album = create_album(owner=alice, title="nothing")
    response = client.get(URL, {"album": str(album.pk), "labels": "red,blue"})
    assert response.status_code == 200
    assert "There is no picture in this" in response.content.decode()


def test_a_search_is_classified_in_its_order(client, coloured):
    response = client.get(URL, {"q": "blue", "owner": "mine", "labels": "red,blue"})
    assert [row.image.title for row in response.context["matrix"].rows] == ["the blue one", "the red one"]
    assert 'name="q" value="blue"' in response.content.decode()


def test_only_the_first_pictures_of_a_large_search_are_classified_and_the_page_says_so(
    client, many, monkeypatch
):
    monkeypatch.setattr("gallery.views.subjects.MAX_PICTURES", 4)
    response = client.get(URL, {"owner": "mine", "labels": "red,blue"})
    assert len(response.context["matrix"].rows) == 4
    assert "the first 4 of 6 pictures" in response.content.decode()


def test_the_answer_has_pages(client, many, monkeypatch):
    monkeypatch.setattr("gallery.views.which.ROWS_A_PAGE", 4)
    address = {"owner": "mine", "labels": "red,blue"}
    assert len(client.get(URL, {**address, "page": "2"}).context["page_obj"]) == 2
    assert client.get(URL, {**address, "page": "3"}).status_code == 404


@pytest.mark.parametrize(
    ("search", "status", "message"),
    [
        ({"q": "red -"}, 400, "at character"),
        ({"q": "red - red"}, 400, "cancel each other out"),
        ({"colour": "infrared"}, 400, "none of the choices"),
    ],
)
def test_a_search_that_cannot_be_done_is_told(client, coloured, search, status, message):
    response = client.get(URL, {**search, "labels": "red,blue"})
    assert response.status_code == status
    assert message in response.content.decode()


def test_a_search_with_the_encoder_away_keeps_what_was_asked(client, coloured, no_encoder):
    response = client.get(URL, {"q": "blue", "labels": "red\ndark blue"})
    assert response.status_code == 503
    assert 'name="q" value="blue"' in response.content.decode()
    assert "dark blue" in response.content.decode()


# Sentences and "none of these"


def test_several_sentences_are_averaged_and_the_mean_has_length_1(coloured, encoder):
    encoded = encode_labels(labels_of("red", "blue"), ["a {}", "a green {}", ""])
    each = np.stack([direction((1, 0, 0)), direction((1, 1, 0)), direction((1, 0, 0))])
    mean = each.mean(axis=0)
    assert encoded.vectors[0] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


def test_the_chosen_sentences_and_an_own_one_reach_the_model(client, coloured, encoder):
    ask(client, coloured, "red,blue", template=["photo", "drawing"], sentence="look, {} things")
    sent = [text for batch in encoder.model.batches for text in batch]
    assert sent == [
        "a photo of a red",
        "a photo of a blue",
        "a drawing of a red",
        "a drawing of a blue",
        "look, red things",
        "look, blue things",
    ]


@pytest.mark.parametrize("sentence", ["no slot", "{} and {}", "{0}"])
def test_an_own_sentence_needs_its_slot_exactly_once(client, coloured, sentence):
    response = ask(client, coloured, "red,blue", sentence=sentence)
    assert response.status_code == 400
    assert "Write {} exactly once" in response.content.decode()


def test_an_unknown_sentence_is_refused(client, coloured):
    assert ask(client, coloured, "red,blue", template="haiku").status_code == 400


def test_none_of_these_wins_where_no_label_stands_out(
    client, coloured, alice, store, embed, colour_background
):
    embed(store(alice, title="green"), 0, 1, 0)
    response = client.get(URL, {"owner": "mine", "labels": "red,blue", "none": "on"})
    won = {row.image.title: row.best.label or "none" for row in response.context["matrix"].rows}
    assert won == {"the red one": "red", "the blue one": "blue", "green": "none"}
    for row in response.context["matrix"].rows:
        assert sum(share.probability for share in row.shares) == pytest.approx(1)
    assert "None of these" in response.content.decode()


def test_none_of_these_is_left_out_and_told_until_the_background_is_measured(client, coloured):
    response = ask(client, coloured, "red,blue", none="on")
    assert not response.context["matrix"].has_none
    assert "is not known yet" in response.content.decode()


# Bars, table, file


def test_bars_and_table_are_both_there_for_any_number_of_pictures(client, coloured):
    assert "<table" in ask(client, coloured[:1], "red,blue", view="table").content.decode()
    bars = ask(client, coloured, "red,blue", view="bars").content.decode()
    assert bars.count('<article class="verdict"') == 2
    assert "<table" not in bars


def download(client, images, labels, **more):
    address = {"picture": [str(image.pk) for image in images], "labels": labels, **more}
    return client.get("/which/csv", address)


def test_the_csv_has_a_row_a_picture_and_the_same_numbers_in_any_language(
    client, coloured, colour_background
):
    client.cookies["django_language"] = "sv"
    response = download(client, coloured, "red,blue", none="on")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response["Content-Disposition"]
    head, *rows = csv.reader(io.StringIO(response.content.decode("utf-8-sig")))
    assert head == ["id", "title", "winner", "probability", "red", "blue", "inget av dessa"]
    assert [row[:3] for row in rows] == [
        [str(coloured[0].pk), "the red one", "red"],
        [str(coloured[1].pk), "the blue one", "blue"],
    ]
    for row in rows:
        assert all(re.fullmatch(r"[01]\.\d{6}", cell) for cell in row[3:])
        assert sum(map(float, row[4:])) == pytest.approx(1, abs=1e-5)


def test_the_csv_quotes_and_no_cell_of_it_is_a_formula(client, coloured):
    Image.objects.filter(pk=coloured[0].pk).update(title='=HYPERLINK("https://example.org","x")')
    response = download(client, coloured[:1], "+red\n@blue")
    head, row = csv.reader(io.StringIO(response.content.decode("utf-8-sig")))
    assert head[4:] == ["'+red", "'@blue"]
    assert row[1] == '\'=HYPERLINK("https://example.org","x")'


def test_a_csv_that_cannot_be_made_tells_why_as_the_page_does(client, coloured, no_encoder):
    assert download(client, coloured, "only one").status_code == 400
    assert download(client, coloured, "red,blue").status_code == 503
    assert client.get("/which/csv").status_code == 400
