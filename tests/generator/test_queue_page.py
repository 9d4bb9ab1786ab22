"""The buttons of the queue, without scripts: on the job's page and in the studio's list."""

import pytest
from django.urls import reverse

from generator import arranging, estimates, jobs, pausing, turns
from generator.models import Job
from tests.generator.wishes import ask

STUDIO = reverse("generator:studio")
ARRANGE = reverse("generator:arrange")
CHANGES = ["pause", "resume", "first", "back"]


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def url(name: str, job: Job) -> str:
    return reverse(f"generator:{name}", args=[job.id])


def test_the_owner_pauses_and_lets_go_on(alices, job):
    page = alices.get(job.get_absolute_url()).content.decode()
    assert url("pause", job) in page
    page = alices.post(url("pause", job), follow=True).content.decode()
    assert "It is paused. Nothing that was done is lost." in page
    assert url("resume", job) in page
    assert url("pause", job) not in page
    assert "It is paused, is ending" in alices.post(url("pause", job), follow=True).content.decode()
    assert "goes on where it stood" in alices.post(url("resume", job), follow=True).content.decode()
    assert "not paused any more" in alices.post(url("resume", job), follow=True).content.decode()
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED


def test_a_paused_job_says_where_it_stands(alices, running_job):
    jobs.record_step(job=running_job, step=3, loss=0.5)
    pausing.pause(job_id=running_job.id)
    assert "stops for now after this step" in alices.get(running_job.get_absolute_url()).content.decode()
    pausing.put_down(job=running_job)
    assert "It stands at step 3 of 24" in alices.get(running_job.get_absolute_url()).content.decode()


@pytest.mark.parametrize("change", CHANGES)
def test_another_member_changes_nothing(client, job, bob, change):
    client.force_login(bob)
    assert client.post(url(change, job)).status_code == 404
    client.logout()
    assert client.post(url(change, job)).status_code == 302
    job.refresh_from_db()
    assert (job.state, job.first_at) == (Job.State.QUEUED, None)


@pytest.mark.parametrize("change", CHANGES)
def test_looking_changes_nothing(alices, job, change):
    assert alices.get(url(change, job)).status_code == 405


def test_the_list_has_the_buttons_and_leads_back_to_itself(alices, job):
    page = alices.get(STUDIO).content.decode()
    assert url("pause", job) in page
    assert url("cancel", job) in page
    answer = alices.post(url("pause", job), {"at": "queue"})
    assert answer.url == f"{STUDIO}#job-{job.id}"
    assert url("resume", job) in alices.get(STUDIO).content.decode()


def test_all_are_paused_and_go_on(alices, alice, bob):
    for seed in range(2):
        ask(alice, seed=seed)
    ask(bob)
    page = alices.post(reverse("generator:pause-all"), follow=True).content.decode()
    assert "2 pictures are paused." in page
    assert Job.objects.filter(state=Job.State.PAUSED, owner=alice).count() == 2
    page = alices.post(reverse("generator:resume-all"), follow=True).content.decode()
    assert "2 pictures go on." in page
    assert Job.objects.filter(state=Job.State.QUEUED).count() == 3


def test_the_list_is_in_the_order_of_turns_and_can_be_arranged(alices, alice):
    first, second, third = (ask(alice, seed=seed, prompt=f"wish {seed}") for seed in range(3))
    alices.post(ARRANGE, {"job": third.id, "action": "up"})
    assert turns.order() == [first.id, third.id, second.id]
    alices.post(ARRANGE, {"job": first.id, "action": "down"})
    assert turns.order() == [third.id, first.id, second.id]
    answer = alices.post(ARRANGE, {"job": second.id, "action": "move", "to": third.id})
    assert answer.url == f"{STUDIO}#job-{second.id}"
    assert turns.order() == [second.id, third.id, first.id]
    page = alices.get(STUDIO).content.decode()
    assert page.index("wish 1") < page.index("wish 2") < page.index("wish 0")


@pytest.mark.parametrize(
    "sent", [{"action": ""}, {"job": "x", "action": "up"}, {"job": ""}, {"action": "fly"}, {"action": "move"}]
)
def test_an_arrangement_that_no_button_sends_is_refused(alices, job, sent):
    assert alices.post(ARRANGE, {"job": job.id, "action": "up", **sent}).status_code == 400


def test_the_jobs_of_others_cannot_be_arranged(client, alice, bob, admin, job):
    others = ask(bob)
    client.force_login(bob)
    assert client.post(ARRANGE, {"job": job.id, "action": "up"}).status_code == 404
    assert client.post(ARRANGE, {"job": others.id, "action": "move", "to": job.id}).status_code == 404
    client.force_login(admin)
    assert client.post(ARRANGE, {"job": job.id, "action": "up"}).status_code == 404


def test_a_job_that_began_meanwhile_has_no_place_and_the_page_says_so(alices, running_job):
    page = alices.post(ARRANGE, {"job": running_job.id, "action": "up"}, follow=True).content.decode()
    assert "It has begun meanwhile" in page


def test_a_moderator_puts_a_job_first_and_back_and_its_owner_reads_it(client, alice, admin, job):
    client.force_login(admin)
    assert url("first", job) in client.get(job.get_absolute_url()).content.decode()
    page = client.post(url("first", job), follow=True).content.decode()
    assert "before all other pictures" in page
    assert url("back", job) in page
    assert "is there already" in client.post(url("first", job), follow=True).content.decode()
    client.force_login(alice)
    page = client.get(job.get_absolute_url()).content.decode()
    assert "A moderator has put it before all others." in page
    assert url("back", job) not in page
    client.force_login(admin)
    assert "owner&#x27;s turn again" in client.post(url("back", job), follow=True).content.decode()
    job.refresh_from_db()
    assert job.first_at is None


def test_members_have_no_such_button_for_their_own_jobs(alices, job):
    assert url("first", job) not in alices.get(job.get_absolute_url()).content.decode()
    for change in ("first", "back"):
        assert alices.post(url(change, job)).status_code == 404
    assert arranging.arrangeable(owner=job.owner).get() == job


def test_times_are_shown_once_steps_were_measured(alices, alice, job):
    pages = [job.get_absolute_url(), url("status", job), STUDIO, reverse("generator:jobs")]
    assert not any("Expected" in alices.get(page).content.decode() for page in pages)
    estimates.record(work="64x64", seconds=10)
    for page in pages:
        assert "Expected to be done in about 4 minutes." in alices.get(page).content.decode()
    last = ask(alice, seed=1)
    expected = "Expected to start in about 4 minutes and to be done in about 8 minutes."
    assert expected in alices.get(last.get_absolute_url()).content.decode()
