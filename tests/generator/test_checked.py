"""What the studio makes goes through the same automatic checks as what is uploaded."""

import pytest

from gallery.models import AuditEntry, Image
from gallery.moderation.decisions import decide_about
from generator import runner
from generator.models import Job
from tests.generator.wishes import ask

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_audit_log")]


@pytest.fixture
def blocked(job, admin, tiny_models) -> Image:
    """Alice's picture of the wish that everybody has."""
    runner.run(job.id, load_models=tiny_models)
    job.refresh_from_db()
    decide_about(thing=job.image, by=admin, chosen=["block"])
    return job.image


def test_a_blocked_picture_that_is_made_again_fails_the_job_with_the_reason(
    client, bob, blocked, tiny_models
):
    again = ask(bob)
    runner.run(again.id, load_models=tiny_models)
    again.refresh_from_db()
    assert (again.state, again.failure, again.image) == (Job.State.FAILED, Job.Failure.STORAGE, None)
    entry = AuditEntry.objects.get(action="refuse")  # though the job's transaction was rolled back
    assert (entry.actor, entry.key) == (bob, blocked.sha256)
    client.force_login(bob)
    page = client.get(again.get_absolute_url()).content.decode()
    assert "Moderators have blocked this picture: nobody may add it here." in page
