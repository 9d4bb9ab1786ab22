"""Two jobs beside each other: what differs is marked, and nobody compares what they do not see."""

import uuid

import pytest
from django.urls import reverse

from gallery.models import Image
from generator import comparing
from generator.models import Job
from tests.generator.wishes import ask


def address(first: Job, second: Job) -> str:
    return reverse("generator:compare", args=[first.pk, second.pk])


def with_picture(job: Job) -> Job:
    image = Image.objects.create(
        owner=job.owner, origin="generated", sha256=str(job.pk), byte_size=1, width=64, height=64
    )
    Job.objects.filter(pk=job.pk).update(state=Job.State.DONE, step=job.steps, image=image, loss=0.5)
    job.refresh_from_db()
    return job


@pytest.fixture
def parent(alice) -> Job:
    return with_picture(ask(alice, options={"cutouts": 9, "quantise": False}))


@pytest.fixture
def child(alice, parent) -> Job:
    child = with_picture(ask(alice, seed=8, options={"quantise": False}))
    child.parent, child.kind = parent, Job.Kind.REMIXED
    child.save()
    return child


def test_what_differs_is_marked_also_where_one_has_the_default(parent, child):
    rows = {str(row.label): row for row in comparing.rows(parent, child)}
    assert list(rows) == ["Words", "Seed", "Steps", "Size", "Views", "Keep to the codebook", "Loss"]
    assert [label for label, row in rows.items() if row.differs] == ["Seed", "Views"]
    assert (rows["Views"].first, rows["Views"].second) == ("9", "6")


def test_a_job_on_its_way_can_be_compared_too(client, alice, parent):
    client.force_login(alice)
    page = client.get(address(parent, ask(alice)))
    assert page.status_code == 200
    assert "0 of 24" in page.content.decode()
    assert "Waiting" in page.content.decode()
    assert "data-compare" not in page.content.decode(), "there is nothing to slide over"


def test_the_page_has_both_pictures_and_is_linked_from_both_jobs(client, alice, parent, child):
    client.force_login(alice)
    page = client.get(address(parent, child)).content.decode()
    for job in (parent, child):
        assert f'src="{reverse("gallery:original", args=[job.image_id])}"' in page
        assert f'href="{job.get_absolute_url()}"' in page
    assert page.count('class="is-different"') == page.count(">differs<") == 2
    assert 'type="range"' in page
    assert "style=" not in page
    assert address(parent, child) in client.get(child.get_absolute_url()).content.decode()
    assert address(child, parent) in client.get(parent.get_absolute_url()).content.decode()


def test_nobody_compares_what_they_do_not_see(client, alice, bob, admin, parent, child):
    bobs = ask(bob)
    client.force_login(bob)
    for first, second in ((parent, child), (bobs, parent), (parent, bobs)):
        assert client.get(address(first, second)).status_code == 404
    unknown = reverse("generator:compare", args=[bobs.pk, uuid.uuid4()])
    assert client.get(unknown).status_code == 404
    client.force_login(admin)
    assert client.get(address(parent, bobs)).status_code == 200
    client.logout()
    assert client.get(address(parent, child)).status_code == 302
