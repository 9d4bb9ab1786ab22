"""The curve of the loss: bounded, true at its ends and its lowest, and drawn on the job's page."""

import json
import re

import numpy as np
import pytest

from generator import continuing, curves, jobs, runner
from generator.models import Job
from tests.generator.runs import ClipThatDoes, models_with, run_until_killed


def curve_through(losses: list[float]) -> list[curves.Point]:
    points: list[curves.Point] = []
    for number, loss in enumerate(losses, start=1):
        points = curves.with_loss(points, step=number, loss=loss)
    return points


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("steps", [1, 2, 120, 121, 122, 500, 2000])
def test_whatever_the_number_of_steps_first_lowest_and_last_are_there_and_the_rest_is_bounded(steps, seed):
    losses = np.random.default_rng(seed).normal(size=steps).round(curves.DIGITS).tolist()
    points = curve_through(losses)
    assert len(points) <= curves.MOST_POINTS
    assert len(points) >= min(steps, curves.MOST_POINTS // 2)
    assert points[0] == (1, losses[0])
    assert points[-1] == (steps, losses[-1])
    assert min(loss for _step, loss in points) == min(losses)
    assert all(losses[step - 1] == loss for step, loss in points)
    assert [step for step, _loss in points] == sorted({step for step, _loss in points})
    assert len(json.dumps(points)) < 3000


def test_spans_of_a_long_curve_are_of_one_length():
    steps = [step for step, _loss in curve_through([1.0] * 2000)]
    gaps = np.diff(steps[1:-1])
    assert gaps.max() <= 2 * np.median(gaps)


def test_steps_that_are_taken_again_replace_what_stood_there():
    points = curves.with_loss([(1, 3.0), (2, 2.0), (3, 1.0)], step=2, loss=2.5)
    assert points == [(1, 3.0), (2, 2.5)]


def test_a_line_goes_from_the_top_left_to_the_newest_step():
    curve = curves.Curve(((1, 2.0), (5, 1.0), (10, 1.5)), steps=20)
    assert curve.line == "15.0,0.0 75.0,80.0 150.0,40.0"
    assert curve.lowest == (5, 1.0)
    assert curves.Curve(((1, 2.0), (2, 2.0)), steps=2).line == "150.0,0.0 300.0,0.0"


@pytest.mark.django_db(transaction=True)
def test_a_run_leaves_its_curve_also_when_it_was_killed_on_the_way_and_a_further_one_goes_on(job, alice):
    run_until_killed(job, at_step=14)
    job.refresh_from_db()
    assert [step for step, _loss in job.losses] == list(range(1, 14))
    runner.run(job.id, load_models=models_with(ClipThatDoes(lambda: None, at_step=0)))
    job.refresh_from_db()
    assert [step for step, _loss in job.losses] == list(range(1, 25))
    assert job.losses[-1][1] == pytest.approx(job.loss, abs=1e-6)
    assert continuing.continue_job(job=job, steps=2).losses == job.losses


def test_the_page_draws_it_and_says_it_in_words(client, alice, running_job):
    client.force_login(alice)
    address = running_job.get_absolute_url()
    jobs.record_step(job=running_job, step=1, loss=0.9)
    assert "<polyline" not in client.get(address).content.decode(), "one point is no line"
    for step, loss in ((2, 0.25), (3, 0.5)):
        jobs.record_step(job=running_job, step=step, loss=loss)
    page = client.get(address, headers={"accept-language": "sv"}).content.decode()
    assert re.search(r'<polyline points="12\.5,0\.0 25\.0,80\.0 37\.5,49\.2"', page)
    page = client.get(address).content.decode()
    assert "The loss began at 0.900, was lowest in step 2 with 0.250, and stands at 0.500." in page


def test_what_is_made_anew_begins_its_curve_anew(running_job):
    jobs.record_step(job=running_job, step=1, loss=0.9)
    jobs.cancel(job_id=running_job.id)
    jobs.restart(job_id=running_job.id)
    assert Job.objects.get().losses == []
