"""Many pictures at once, as a table: a list of prompts, or one prompt with values of one or two settings."""

from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.db import transaction

from gallery.models import User
from generator import jobs
from generator.engine.settings import OPTIONS
from generator.jobs import Wish
from generator.models import Batch, Job


@dataclass(frozen=True)
class Axis:
    """The setting in which rows or columns differ, and its values; without a setting there is one."""

    setting: str = ""
    values: tuple[Any, ...] = ("",)


def submit_batch(*, owner: User, wish: Wish, rows: Axis, columns: Axis) -> Batch:
    """Put a job for each pair of a row's and a column's value in the queue, all or none. Raises what
    jobs.submit raises: SettingsError, JobLimitReached, ValidationError."""
    if (
        len(rows.values) * len(columns.values) > settings.JOBS_PER_PERSON
    ):  # before there are millions of wishes
        raise jobs.JobLimitReached(settings.JOBS_PER_PERSON)
    cells = [(row, column) for row in range(len(rows.values)) for column in range(len(columns.values))]
    wishes = [
        _with(_with(wish, rows.setting, rows.values[row]), columns.setting, columns.values[column])
        for row, column in cells
    ]
    recipes = jobs.check(owner=owner, wishes=wishes)
    with transaction.atomic():
        batch = Batch.objects.create(
            owner=owner,
            row_setting=rows.setting,
            row_values=list(rows.values),
            column_setting=columns.setting,
            column_values=list(columns.values),
        )
        submitted = jobs.create(owner=owner, recipes=recipes, batch=batch)
        for job, (row, column) in zip(submitted, cells, strict=True):
            job.batch_row, job.batch_column = row, column
        Job.objects.bulk_update(submitted, ["batch_row", "batch_column"])
    return batch


def table(batch: Batch) -> list[tuple[Any, list[Job | None]]]:
    """Each row's value and its jobs by column; None where a job was deleted."""
    cells = {(job.batch_row, job.batch_column): job for job in batch.jobs.select_related("image")}
    columns = range(len(batch.column_values))
    return [
        (value, [cells.get((row, column)) for column in columns])
        for row, value in enumerate(batch.row_values)
    ]


def _with(wish: Wish, setting: str, value: Any) -> Wish:
    if not setting:
        return wish
    if setting in OPTIONS:
        return {**wish, "options": {**wish.get("options", {}), setting: value}}
    return cast(Wish, {**wish, setting: value})
