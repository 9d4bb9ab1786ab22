"""The relevance line from the encoder to the page, with a model that knows colours."""

from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import OrmQ

from gallery import background, relevance
from gallery.models import Background, EncodingModel, words_of
from gallery.serving import follow_encoder
from gallery.tasks import measure_background
from tests.gallery.colour_model import MODEL_ID


@pytest.fixture
def coloured(client, alice, store, embed, encoder):
    client.force_login(alice)
    for name, colour in {"red": (1, 0, 0), "yellow": (1, 1, 0), "blue": (0, 0, 1)}.items():
        embed(store(alice, title=f"{name} one"), *colour)


def test_the_line_stands_between_likely_matches_and_the_rest(client, coloured, colour_background):
    response = client.get("/search/", {"q": "red"})
    results = response.context["results"]
    assert [hit.image.title for hit in results.sure_hits] == ["red one"]
    assert [hit.image.title for hit in results.other_hits] == ["yellow one", "blue one"]
    page = response.content.decode()
    assert "1 likely match among 3." in page
    assert page.index("red one") < page.index("Less likely") < page.index("yellow one")
    assert page.count("data-distinctness") == 3
    assert "Nothing here matches well" not in page


def test_where_something_matches_the_line_is_drawn_nearer_for_the_rest(client, coloured, colour_background):
    Background.objects.update(near=-50.0, measured_at=timezone.now())
    results = client.get("/search/", {"q": "red"}).context["results"]
    assert (len(results.sure_hits), results.likely, results.other_hits) == (3, 3, [])


def test_a_search_that_matches_nothing_says_so_and_shows_the_closest(client, coloured, colour_background):
    Background.objects.update(line=50.0, measured_at=timezone.now())
    response = client.get("/search/", {"q": "red"})
    page = response.content.decode()
    assert "Nothing here matches well. These are the closest." in page
    assert "Less likely" not in page
    assert page.count("data-score") == 3


def test_without_a_measured_background_there_is_no_line(client, coloured):
    page = client.get("/search/", {"q": "red"}).content.decode()
    assert "Less likely" not in page
    assert "Nothing here matches" not in page
    assert "3 pictures, the most similar first." in page


def test_measuring_makes_the_line_known(client, coloured):
    out = StringIO()
    call_command("measure_background", stdout=out)
    assert MODEL_ID in out.getvalue()
    row = Background.objects.get(model_id=MODEL_ID)
    assert len(bytes(row.vectors)) == 96 * row.dim * 4
    assert client.get("/search/", {"q": "red"}).context["results"].has_line


def test_measuring_without_an_encoder_says_what_to_do(no_encoder, db):
    with pytest.raises(CommandError, match="make run"):
        call_command("measure_background")


def test_a_folder_needs_enough_pictures(encoder, db, tmp_path):
    with pytest.raises(CommandError, match="at least 30"):
        call_command("measure_background", folder=tmp_path)


def test_the_queue_is_asked_once_for_a_background(encoder, db):
    background._measured.clear()
    assert not background.request_measurement()  # of which model?
    follow_encoder()
    assert background.request_measurement()
    assert not background.request_measurement()
    assert OrmQ.objects.count() == 1
    long_ago = timezone.now() - 2 * background.ASK_AGAIN
    Background.objects.update(asked_at=long_ago)  # its task was lost
    assert background.request_measurement()


def test_a_measurement_that_finds_no_encoder_is_asked_for_again(encoder, db, settings, tmp_path):
    background._measured.clear()
    follow_encoder()
    model = EncodingModel.objects.get()
    assert background.request_measurement()
    url, settings.ENCODER_URL = settings.ENCODER_URL, f"unix://{tmp_path}/nobody.sock"
    measure_background(model.pk)
    settings.ENCODER_URL = url
    assert background.request_measurement()
    measure_background(model.pk)
    measured = set(Background.objects.values_list("model_id", "measured_at"))
    assert {model_id for model_id, _at in measured} == {MODEL_ID, words_of(MODEL_ID)}
    measure_background(model.pk)  # asked for twice
    assert set(Background.objects.values_list("model_id", "measured_at")) == measured


def test_distinctness_is_how_far_a_cosine_is_above_the_median_in_spreads():
    rng = np.random.default_rng(1)
    pictures, captions = rng.normal(size=(2, 200, 64)).astype(np.float32)
    pictures /= np.linalg.norm(pictures, axis=1, keepdims=True)
    captions /= np.linalg.norm(captions, axis=1, keepdims=True)
    measured = relevance.measure(pictures, captions)
    assert measured.spread == pytest.approx(1 / 8, rel=0.1)  # of cosines in 64 dimensions: 1/√64
    assert 2.2 < measured.line < 3.0  # one in 200 of a normal distribution: 2.58
    scale = relevance.scale(captions[0], measured)
    assert scale.distinctness(scale.line) == pytest.approx(measured.line, rel=1e-4)
