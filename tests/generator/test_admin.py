"""The queue in the administration."""

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from generator import jobs
from generator.models import Job

JOBS = reverse("admin:generator_job_changelist")


@pytest.fixture
def admins(client, admin):
    client.force_login(admin)
    return client


def act(client, action: str, *chosen: Job):
    ids = [str(job.id) for job in chosen]
    return client.post(JOBS, {"action": action, ACTION_CHECKBOX_NAME: ids, "post": "yes"}, follow=True)


def test_admins_see_the_queue_and_find_jobs_in_it(admins, job):
    page = admins.get(JOBS, {"q": "red heart", "state__exact": "queued"}).content.decode()
    assert "a red heart" in page
    assert "alice" in page
    assert "a red heart" not in admins.get(JOBS, {"state__exact": "done"}).content.decode()


def test_members_do_not(client, bob, job):
    client.force_login(bob)
    assert client.get(JOBS).status_code == 302


def test_a_job_is_to_be_read_and_not_to_be_written(admins, job):
    address = reverse("admin:generator_job_change", args=[job.id])
    assert admins.get(address).status_code == 200
    admins.post(address, {"prompt": "another", "state": "done"})
    job.refresh_from_db()
    assert (job.prompt, job.state) == ("a red heart", Job.State.QUEUED)
    assert admins.get(reverse("admin:generator_job_add")).status_code == 403


def test_admins_cancel_and_start_again(admins, job):
    assert "1 job cancelled" in act(admins, "cancel_jobs", job).content.decode()
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert "0 jobs cancelled" in act(admins, "cancel_jobs", job).content.decode()
    assert "1 job is queued again" in act(admins, "restart_jobs", job).content.decode()
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED


@pytest.mark.django_db(transaction=True)
def test_deleting_leaves_no_checkpoint(admins, running_job):
    name = default_storage.save(f"checkpoints/{running_job.id.hex}.x.10.pt", ContentFile(b"state"))
    jobs.record_checkpoint(job=running_job, step=10, name=name)
    act(admins, "delete_selected", running_job)
    assert not Job.objects.exists()
    assert not default_storage.exists(name)
