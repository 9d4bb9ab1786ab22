"""The order of one's own waiting jobs, and a moderator's word about all."""

import pytest
from django.core.exceptions import PermissionDenied

from gallery.models import AuditEntry
from generator import arranging, jobs, pausing, turns
from generator.models import Job
from tests.generator.wishes import ask

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_audit_log")]


@pytest.fixture
def waiting(alice) -> list[Job]:
    return [ask(alice, seed=seed) for seed in range(4)]


def seeds(owner) -> list[int]:
    return list(arranging.arrangeable(owner=owner).values_list("seed", flat=True))


@pytest.mark.parametrize(
    ("job", "to", "expected"),
    [
        (3, 0, [3, 0, 1, 2]),
        (0, 3, [1, 2, 3, 0]),
        (1, 2, [0, 2, 1, 3]),
        (2, 2, [0, 1, 2, 3]),
    ],
)
def test_a_job_takes_the_place_of_another_and_those_between_make_room(alice, waiting, job, to, expected):
    arranging.move(job=waiting[job], to=waiting[to])
    assert seeds(alice) == expected
    assert turns.order() == [waiting[number].id for number in expected]


def test_by_one_place_up_and_down_and_not_past_the_ends(alice, waiting):
    arranging.move_by(job=waiting[1], step=-1)
    assert seeds(alice) == [1, 0, 2, 3]
    arranging.move_by(job=waiting[1], step=-1)
    arranging.move_by(job=waiting[3], step=1)
    assert seeds(alice) == [1, 0, 2, 3]
    arranging.move_by(job=waiting[0], step=1)
    assert seeds(alice) == [1, 2, 0, 3]


def test_a_new_wish_comes_after_those_that_were_arranged(alice, waiting):
    arranging.move(job=waiting[3], to=waiting[0])
    ask(alice, seed=9)
    assert seeds(alice) == [3, 0, 1, 2, 9]


def test_ones_own_order_changes_nothing_for_others(alice, bob, waiting):
    other = ask(bob)
    arranging.move(job=waiting[2], to=waiting[0])
    assert turns.order()[:3] == [waiting[2].id, other.id, waiting[0].id]


def test_a_resumed_job_comes_back_to_its_place(alice, waiting):
    arranging.move(job=waiting[3], to=waiting[0])
    pausing.pause(job_id=waiting[3].id)
    assert seeds(alice) == [0, 1, 2]
    pausing.resume(job_id=waiting[3].id)
    assert seeds(alice) == [3, 0, 1, 2]


def test_what_does_not_wait_has_no_place(alice, bob, waiting):
    jobs.claim(job_id=waiting[0].id)
    with pytest.raises(arranging.NotWaiting):
        arranging.move(job=waiting[0], to=waiting[1])
    with pytest.raises(arranging.NotWaiting):
        arranging.move_by(job=waiting[0], step=1)
    with pytest.raises(arranging.NotWaiting):
        arranging.move(job=waiting[1], to=ask(bob))
    assert seeds(alice) == [1, 2, 3]


def test_a_moderator_puts_a_job_before_all_and_back(alice, bob, admin, waiting):
    begun, other = ask(bob, seed=1), ask(bob)
    jobs.release(job=jobs.claim(job_id=begun.id))
    assert arranging.put_first(job_id=waiting[2].id, by=admin)
    noted = AuditEntry.objects.get()
    assert (noted.actor, noted.action, noted.key) == (admin, "first", str(waiting[2].id))
    assert turns.order()[:2] == [begun.id, waiting[2].id], "what has begun is not interrupted"
    assert not arranging.put_first(job_id=waiting[2].id, by=admin)
    assert arranging.put_first(job_id=waiting[3].id, by=admin)
    assert turns.order()[1:4] == [waiting[3].id, waiting[2].id, other.id], (
        "Bob was served, Alice will be twice"
    )
    assert arranging.put_back(job_id=waiting[3].id, by=admin)
    assert not arranging.put_back(job_id=waiting[3].id, by=admin)
    assert turns.order()[1] == waiting[2].id


def test_what_does_not_wait_cannot_be_put_first(job, admin):
    jobs.claim(job_id=job.id)
    assert not arranging.put_first(job_id=job.id, by=admin)


def test_nobody_else_puts_jobs_first_not_even_their_own(alice, waiting):
    for change in (arranging.put_first, arranging.put_back):
        with pytest.raises(PermissionDenied):
            change(job_id=waiting[3].id, by=alice)
    assert turns.order() == [job.id for job in waiting]
