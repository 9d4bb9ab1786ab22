"""What a picture came from and what came of it, as far as the reader sees it."""

import uuid

import pytest
from django.urls import reverse

from gallery.models import Image
from generator import lineage
from generator.models import Job
from tests.generator.wishes import ask

STUDIO = "/studio/"
INPUT = {"prompt": "a red heart", "size": "128", "steps": "30", "seed": "5"}


def from_(parent: Job, owner=None, **changes) -> Job:
    job = ask(owner or parent.owner, **changes)
    job.parent, job.kind = parent, Job.Kind.REMIXED
    job.save()
    return job


@pytest.fixture(autouse=True)
def many_at_once(settings):
    settings.JOBS_PER_PERSON = 100


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def words(branch: lineage.Branch) -> list:
    return [branch.job.prompt, *map(words, branch.branches)]


def test_what_is_changed_and_made_again_knows_where_it_comes_from(alices, job):
    form = alices.get(STUDIO, {"like": str(job.id)}).context["form"]
    alices.post(STUDIO, {**INPUT, "like": str(form["like"].value()), "pictures": "2"})
    remixed = Job.objects.filter(kind=Job.Kind.REMIXED)
    assert [each.parent for each in remixed] == [job, job]
    alices.post(STUDIO, INPUT)
    assert Job.objects.filter(parent=None, kind=Job.Kind.NEW).count() == 2


def test_a_wish_is_never_tied_to_what_its_owner_does_not_see(client, bob, job):
    client.force_login(bob)
    for like in (job.id, uuid.uuid4()):
        assert client.post(STUDIO, {**INPUT, "like": str(like)}).status_code == 302
    assert not Job.objects.exclude(parent=None).exists()
    assert client.post(STUDIO, {**INPUT, "like": "no-id"}).status_code == 400


def test_the_tree_has_the_line_before_and_all_that_came_of_it(alice):
    eldest = ask(alice, prompt="eldest")
    middle = from_(eldest, prompt="middle")
    from_(eldest, prompt="an aunt")
    first, second = from_(middle, prompt="first"), from_(middle, prompt="second")
    from_(first, prompt="grandchild")
    found = lineage.trace(middle, user=alice)
    assert words(found.root) == ["eldest", ["middle", ["first", ["grandchild"]], ["second"]]]
    assert found.branch.is_self
    assert words(lineage.trace(second, user=alice).root) == ["eldest", ["middle", ["second"]]]
    assert (found.has_earlier, found.has_further) == (False, False)


def test_only_what_the_reader_sees_is_in_the_tree_and_nothing_behind_it(client, alice, bob, admin):
    alices = ask(alice, prompt="alices")
    bobs = from_(alices, bob, prompt="bobs")
    from_(bobs, alice, prompt="alices again")
    assert words(lineage.trace(alices, user=admin).root) == ["alices", ["bobs", ["alices again"]]]
    assert not lineage.trace(alices, user=alice).has_relatives
    client.force_login(bob)
    page = client.get(bobs.get_absolute_url()).content.decode()
    assert "alices" not in page
    assert "what came of it" not in page


def test_a_large_family_is_shown_in_part_and_says_so(alice):
    line = [ask(alice)]
    for _ in range(2 * lineage.MOST_BEFORE + 2):
        line.append(from_(line[-1]))
    found = lineage.trace(line[lineage.MOST_BEFORE + 1], user=alice)
    assert found.root.job == line[1]
    assert (found.has_earlier, found.has_further) == (True, True)
    for _ in range(lineage.MOST_JOBS):
        from_(line[-1])
    found = lineage.trace(line[-1], user=alice)
    assert len(found.branch.branches) == lineage.MOST_JOBS
    assert not found.has_further
    from_(line[-1])
    assert lineage.trace(line[-1], user=alice).has_further


def test_the_pages_of_the_job_and_of_its_picture_show_the_tree(alices, alice, job):
    image = Image.objects.create(owner=alice, origin="generated", sha256="a", byte_size=1, width=1, height=1)
    Job.objects.filter(pk=job.pk).update(state=Job.State.DONE, image=image)
    child = from_(job, prompt="a <blue> heart")
    for address in (job.get_absolute_url(), reverse("gallery:picture", args=[image.pk])):
        page = alices.get(address).content.decode()
        assert "Where it comes from and what came of it" in page
        assert f'href="{child.get_absolute_url()}"' in page
        assert "a &lt;blue&gt; heart" in page
        assert "Changed and made again" in page
    assert f'href="{job.get_absolute_url()}"' in alices.get(child.get_absolute_url()).content.decode()
