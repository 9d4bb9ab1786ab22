"""Ten people use the queue at random, while workers die and servers start again: nothing is lost or unfair.

A state machine drives the real functions on the real database; the engine is the real one with tiny models.
What happens in the middle of a run happens while the models judge a step.
"""

from collections import Counter
from contextlib import suppress
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from django.utils import timezone
from django_q.models import OrmQ
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gallery.models import Image, User
from generator import arranging, jobs, pausing, recovery, runner, turns
from generator.models import Job
from tests.engine.tiny import TinyClip
from tests.generator.runs import (
    ClipThatDoes,
    Killed,
    bytes_of,
    checkpoint_files,
    fall_silent,
    kill,
    models_with,
)
from tests.generator.wishes import WISH

PEOPLE = 10
JOBS = 50
STEPS = 3
QUICK = {"cutouts": 1, "coarse_levels": 1}
CLIP = TinyClip()
ENDED = {Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED}

people = st.integers(0, PEOPLE - 1)
numbers = st.integers(0, JOBS - 1)
steps = st.integers(1, STEPS)


class BusyQueue(RuleBasedStateMachine):
    """What each job must come to is written down when the deed that decides it is done."""

    def __init__(self) -> None:
        super().__init__()
        for model in (Job, Image, OrmQ, User):
            model.objects.all().delete()
        self.people = [User.objects.create(username=f"person {number}") for number in range(PEOPLE)]
        self.asked: list[Job] = []
        self.must_be: dict[Job, str] = {}
        self.begun: list[tuple[Job, frozenset[int]]] = []  # whose turn it was, and who waited then

    def job(self, number: int) -> Job:
        return self.asked[number % len(self.asked)]

    @initialize(order=st.permutations(range(JOBS // 2)))
    def ask_for_many(self, order):
        for number in order:
            self.ask(number % PEOPLE)

    @precondition(lambda self: len(self.asked) < JOBS)
    @rule(owners=st.lists(people, min_size=1, max_size=JOBS // 8))
    def ask_for_more(self, owners):
        for person in owners[: JOBS - len(self.asked)]:
            self.ask(person)

    def ask(self, person: int) -> None:
        wish = jobs.Wish(**{**WISH, "seed": len(self.asked), "steps": STEPS, "options": QUICK})
        self.asked += jobs.submit(owner=self.people[person], wishes=[wish])

    @precondition(lambda self: self.asked)
    @rule(number=numbers)
    def cancel(self, number):
        if jobs.cancel(job_id=self.job(number).id):
            self.must_be[self.job(number)] = Job.State.CANCELLED

    @precondition(lambda self: self.asked)
    @rule(number=numbers)
    def pause(self, number):
        pausing.pause(job_id=self.job(number).id)

    @precondition(lambda self: self.asked)
    @rule(number=numbers)
    def resume(self, number):
        pausing.resume(job_id=self.job(number).id)

    @rule(person=people)
    def pause_all(self, person):
        pausing.pause_all(owner=self.people[person])

    @precondition(lambda self: self.asked)
    @rule(number=numbers)
    def stop(self, number):
        jobs.stop(job_id=self.job(number).id)

    @precondition(lambda self: self.asked)
    @rule(number=numbers, other=numbers)
    def arrange(self, number, other):
        with suppress(arranging.NotWaiting):
            arranging.move(job=self.job(number), to=self.job(other))

    @rule(count=st.integers(1, 4))
    def work(self, count):
        for _ in range(count):
            self.run(CLIP)

    @rule(at_step=steps)
    def kill_the_worker(self, at_step):
        with suppress(Killed):
            self.run(ClipThatDoes(kill, at_step=at_step))
        for job in Job.objects.running():
            fall_silent(job)

    @rule(at_step=steps, deed=st.sampled_from(["cancel", "pause", "blink", "stop", "pause and die"]))
    def meddle_with_the_run(self, at_step, deed):
        with suppress(Killed):
            self.run(ClipThatDoes(lambda: self.do(deed), at_step=at_step))
        for job in Job.objects.running():
            fall_silent(job)

    def do(self, deed: str) -> None:
        job = Job.objects.running().latest("heartbeat_at")  # others are of workers that were killed
        if deed == "cancel":
            assert jobs.cancel(job_id=job.id)
            self.must_be[job] = Job.State.CANCELLED
        elif deed == "stop":
            jobs.stop(job_id=job.id)
        else:
            pausing.pause(job_id=job.id)
        if deed == "blink":
            pausing.resume(job_id=job.id)
        if deed == "pause and die":
            raise Killed

    @rule()
    def restart_the_server(self):
        """The queue's tasks are lost, and what looks after the rows comes round."""
        OrmQ.objects.all().delete()
        Job.objects.filter(enqueued_at__isnull=False).update(enqueued_at=timezone.now() - timedelta(hours=1))
        recovery.requeue_stale()

    def run(self, clip: TinyClip) -> None:
        """What a worker does with one task."""
        task = OrmQ.objects.filter(key=jobs.QUEUE).first()
        if task is None:
            return
        task.delete()
        waiting = frozenset(Job.objects.waiting().values_list("owner", flat=True))
        fresh = {job.id for job in Job.objects.waiting().filter(holds_turn=False)}
        before = turns.order()
        try:
            runner.run_next(load_models=models_with(clip))
        finally:
            if before and before[0] in fresh:
                self.begun.append((Job.objects.get(pk=before[0]), waiting))

    @invariant()
    def a_job_is_held_or_waits_or_rests_and_never_two_of_these(self):
        for job in Job.objects.all():
            if job.state in ENDED or job.state == Job.State.QUEUED:
                assert job.claim is None
            if job.state == Job.State.RUNNING:
                assert job.claim is not None
            assert (job.state == Job.State.DONE) == (job.image_id is not None)

    def teardown(self):
        """In the end all is resumed and made, whatever happened."""
        for person in range(JOBS - len(self.asked)):
            self.ask(person % PEOPLE)
        for owner in self.people:
            pausing.resume_all(owner=owner)
        for _ in range(3 * JOBS):
            if not Job.objects.unfinished().exists():
                break
            if not OrmQ.objects.filter(key=jobs.QUEUE).exists():
                self.restart_the_server()
            self.run(CLIP)
        self.check_ends()
        self.check_pictures()
        self.check_turns()

    def check_ends(self) -> None:
        for job in self.asked:
            expected = self.must_be.get(job, Job.State.DONE)
            job.refresh_from_db()
            if job.state == Job.State.FAILED:  # killed three times without getting further
                assert job.failure == Job.Failure.ATTEMPTS
                assert job not in self.must_be
                continue
            assert job.state == expected

    def check_pictures(self) -> None:
        done = [job for job in self.asked if job.state == Job.State.DONE]
        assert Counter(job.image_id for job in done) == Counter(Image.objects.values_list("pk", flat=True))
        whole = [job for job in done if job.step == job.steps][:2]
        for job in whole:
            assert bytes_of(job.image) == picture_of(job.seed)
        named = {job.checkpoint.removeprefix("checkpoints/") for job in done}
        assert named <= set(checkpoint_files())

    def check_turns(self) -> None:
        """Between two turns of a person, everybody who waited all the time had one."""
        last: dict[int, int] = {}
        for now, (job, _) in enumerate(self.begun):
            if job.owner_id in last:
                between = self.begun[last[job.owner_id] : now + 1]
                waited = frozenset.intersection(*(waiting for _, waiting in between))
                assert waited <= {other.owner_id for other, _ in between}
            last[job.owner_id] = now


_pictures: dict[int, bytes] = {}


def picture_of(seed: int) -> bytes:
    """What an undisturbed run makes."""
    if seed not in _pictures:
        owner = User.objects.create(username=f"reference {seed}")
        wish = jobs.Wish(**{**WISH, "seed": seed, "steps": STEPS, "options": QUICK})
        (job,) = jobs.submit(owner=owner, wishes=[wish])
        runner.run(job.id, load_models=models_with(CLIP))
        job.refresh_from_db()
        _pictures[seed] = bytes_of(job.image)
        owner.delete()
    return _pictures[seed]


@pytest.mark.django_db(transaction=True)
def test_whatever_ten_people_and_dying_workers_do_every_job_comes_to_its_one_end(settings_of_a_busy_site):
    run_state_machine_as_test(
        BusyQueue,
        settings=settings(
            max_examples=2,
            stateful_step_count=40,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # shrinking takes minutes: run it by hand where something fails
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def settings_of_a_busy_site(settings):
    settings.JOBS_PER_PERSON = JOBS
    settings.JOB_CHECKPOINT_EVERY = 2
    settings.TORCH_THREADS = 1
