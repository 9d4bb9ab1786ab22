"""Which of these? Labels on pictures, with probabilities."""

import re

import numpy as np
import pytest
from django.urls import reverse

from gallery.forms import MAX_CHOSEN, MAX_LABEL, MAX_LABELS
from gallery.zeroshot import classify
from tests.gallery.colour_model import ColourModel, direction

URL = "/which/"


@pytest.fixture
def coloured(client, alice, store, embed, encoder):
    client.force_login(alice)
    images = [store(alice, title="the red one"), store(alice, title="the blue one")]
    embed(images[0], 1, 0, 0)
    embed(images[1], 0, 0, 1)
    return images


def ask(client, images, labels: str):
    return client.get(URL, {"picture": [str(image.pk) for image in images], "labels": labels})


def test_probabilities_are_the_softmax_of_scaled_cosines(coloured):
    """Radford et al. 2021, section 3.1, computed here once more by hand."""
    labels = ["red", "blue", "green"]
    matrix = classify(images=coloured, labels=labels)
    got = np.array([[share.probability for share in row.shares] for row in matrix.rows])
    pictures = np.stack([direction((1, 0, 0)), direction((0, 0, 1))])
    words = np.stack([direction((1, 0, 0)), direction((0, 0, 1)), direction((0, 1, 0))])
    odds = np.exp(ColourModel.logit_scale * (pictures @ words.T))
    assert got == pytest.approx(odds / odds.sum(axis=1, keepdims=True), abs=1e-4)
    assert got.sum(axis=1) == pytest.approx([1, 1])


def test_labels_are_put_into_the_models_sentence(coloured, encoder):
    classify(images=coloured, labels=["red", "blue"])
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
        (",,,\n", "at least two different labels"),
        (",".join(f"label {number}" for number in range(MAX_LABELS + 1)), f"At most {MAX_LABELS} labels"),
        ("red," + "a" * (MAX_LABEL + 1), f"at most {MAX_LABEL} characters"),
    ],
)
def test_wrong_labels_are_refused_with_what_to_do(client, coloured, labels, message):
    response = ask(client, coloured, labels)
    assert response.status_code == 400
    assert message in response.content.decode()
    assert "matrix" not in response.context


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
