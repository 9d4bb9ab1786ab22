"""Drawing a finished picture larger: the form begins with it at twice its size, the run starts from it."""

import pytest

from generator import enlarging, runner
from generator.forms import JobForm
from generator.models import Job
from tests.generator.wishes import ask

STUDIO = "/studio/"


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def finished(alice, tiny_models, **changes) -> Job:
    job = ask(alice, steps=2, **{"width": 128, "height": 128, **changes})
    runner.run(job.id, load_models=tiny_models)
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    return job


@pytest.mark.django_db(transaction=True)
def test_the_form_begins_with_the_picture_at_twice_its_size_and_makes_a_child(alices, alice, tiny_models):
    options = {"ground": 0.5, "start": "gradient", "learning_rate_drops": "50"}
    job = finished(alice, tiny_models, prompt="a seed ^ a tree | moss:0.5", options=options)
    page = alices.get(job.get_absolute_url()).content.decode()
    assert f'href="{STUDIO}?like={job.id}&amp;larger"' in page
    answer = alices.get(f"{STUDIO}?like={job.id}&larger")
    assert "at twice its size" in answer.content.decode()
    form = answer.context["form"]
    shown = {name: form[name].value() for name in form.fields}
    assert (shown["size"], shown["shape"], shown["prompt"]) == (256, "square", "a tree | moss:0.5")
    assert (shown["init_picture"], shown["steps"]) == (str(job.image_id), enlarging.STEPS)
    assert (shown["quality"], shown["ground"], shown["start"]) == ("own", 0.5, "usual")

    sent = {name: "" if value is None else value for name, value in shown.items()} | {"steps": 2}
    sent.pop("every_drawer")
    assert alices.post(STUDIO, sent).status_code == 302
    child = Job.objects.exclude(pk=job.pk).get()
    assert (child.parent, child.width, child.height) == (job, 256, 256)
    runner.run(child.id, load_models=tiny_models)
    child.refresh_from_db()
    assert (child.state, child.image.width) == (Job.State.DONE, 256)


@pytest.mark.django_db(transaction=True)
def test_what_has_no_picture_or_no_larger_size_is_not_offered(alices, alice, tiny_models):
    waiting = ask(alice, width=128, height=128)
    unusual = finished(alice, tiny_models, width=64, height=64)
    other_shape = finished(alice, tiny_models, width=128, height=320)
    gone = finished(alice, tiny_models, seed=2)
    gone.image.delete()
    for job in (waiting, unusual, other_shape, gone):
        job = Job.objects.get(pk=job.pk)
        assert not enlarging.may_enlarge(job)
        assert "larger" not in alices.get(job.get_absolute_url()).content.decode()
        form = alices.get(f"{STUDIO}?like={job.id}&larger").context["form"]
        assert form["init_picture"].value() == ""
    assert not enlarging.may_enlarge(Job(state=Job.State.DONE, width=512, height=512, image=unusual.image))


@pytest.mark.django_db(transaction=True)
def test_somebody_elses_job_is_not_there(client, alice, bob, tiny_models):
    job = finished(alice, tiny_models)
    client.force_login(bob)
    assert client.get(f"{STUDIO}?like={job.id}&larger").status_code == 404


def test_strokes_that_would_take_too_much_memory_are_told(alice):
    data = {"prompt": "x", "size": "512", "shape": "widest", "steps": "2", "drawer": "strokes"}
    form = JobForm({**data, "strokes": "200"}, owner=alice)
    assert form.errors == {"strokes": ["In a picture of this size there can be at most 146 strokes."]}
    assert JobForm({**data, "strokes": "146"}, owner=alice).is_valid()
