"""The page of a generated picture tells those who see its job how it was made, and nobody else."""

import pytest

from gallery.models import Image
from gallery.uploads import store_image
from generator.models import Job
from tests.gallery.drawing import png
from tests.generator.wishes import ask


@pytest.fixture
def made(alice) -> Image:
    """A public picture of Alice's that a job has made."""
    image = store_image(
        owner=alice, file=png(), origin=Image.Origin.GENERATED, visibility=Image.Visibility.PUBLIC
    )
    Job.objects.filter(pk=ask(alice, prompt="an owl at night", seed=4711).pk).update(
        state=Job.State.DONE, image=image
    )
    return image


@pytest.mark.parametrize(
    ("person", "told"), [("alice", True), ("admin", True), ("bob", False), (None, False)]
)
def test_the_words_and_the_seed_are_told_to_those_who_see_the_job(client, request, made, person, told):
    if person:
        client.force_login(request.getfixturevalue(person))
    page = client.get(made.get_absolute_url())
    assert page.status_code == 200
    text = page.content.decode()
    assert [words in text for words in ("an owl at night", "4711", "How it was made")] == 3 * [told]


def test_a_job_that_was_given_up_made_nothing(client, alice, made):
    Job.objects.update(state=Job.State.CANCELLED)
    client.force_login(alice)
    assert "How it was made" not in client.get(made.get_absolute_url()).content.decode()
