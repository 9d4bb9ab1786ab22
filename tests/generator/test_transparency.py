"""Transparent pictures: on squares while they are made, with alpha in the file."""

import io

import numpy as np
import pytest
from django.core.files.storage import default_storage
from PIL import Image as Pillow

from generator import progress, runner
from generator.checkers import DARK, LIGHT, SIDE, on_checkers
from generator.filmstrip import frames_of
from generator.models import Job
from tests.generator.test_options import INPUT, STUDIO


def test_nothing_shows_the_squares_and_all_hides_them():
    bare = np.zeros((2 * SIDE, 3 * SIDE, 4), np.uint8)
    shown = on_checkers(bare)
    assert shown.shape == (2 * SIDE, 3 * SIDE, 3)
    assert [shown[0, column * SIDE, 0] for column in range(3)] == [LIGHT, DARK, LIGHT]
    assert shown[SIDE, 0, 0] == DARK
    full = np.full((8, 8, 4), 255, np.uint8)
    full[..., :3] = (10, 20, 30)
    assert (on_checkers(full) == full[..., :3]).all()
    assert on_checkers(full)[0, 0].tolist() == [10, 20, 30]


@pytest.mark.django_db(transaction=True)
def test_from_the_form_to_a_file_with_alpha(client, alice, tiny_models, monkeypatch):
    previews = []
    monkeypatch.setattr(progress, "publish", lambda _job, frame: previews.append(frame.picture))
    client.force_login(alice)
    asked = {**INPUT, "quality": "own", "steps": "12", "transparent": "True", "transparent_weight": "5"}
    client.post(STUDIO, asked)
    job = Job.objects.get()
    assert job.options == {"transparent": True, "transparent_weight": 5.0}
    runner.run(job.id, load_models=tiny_models)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    with job.image.original.open() as file, Pillow.open(file) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGBA", (128, 128))
        low, _high = picture.getchannel("A").getextrema()
        assert low < 200
    with Pillow.open(io.BytesIO(previews[-1])) as preview:
        assert preview.mode == "RGB"
    with default_storage.open(frames_of(job)[-1].name) as file, Pillow.open(file) as frame:
        assert frame.mode == "RGB"
    assert "<dt>Transparent</dt><dd>Yes</dd>" in client.get(job.get_absolute_url()).content.decode()
    form = client.get(STUDIO, {"like": str(job.id)}).context["form"]
    assert form["transparent"].value() is True
