"""The settings of two jobs beside each other, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.formats import localize
from django.utils.translation import gettext as _

from generator.engine.settings import OPTIONS
from generator.models import Job
from generator.option_fields import describe

if TYPE_CHECKING:
    from generator.option_fields import Text


@dataclass(frozen=True)
class Row:
    label: Text
    first: Text
    second: Text

    @property
    def differs(self) -> bool:
        return self.first != self.second


def rows(first: Job, second: Job) -> list[Row]:
    """The basic settings, then every option in which one of the two has another value than the default."""
    return [
        Row(_("Words"), first.prompt, second.prompt),
        Row(_("Seed"), str(first.seed), str(second.seed)),
        Row(_("Steps"), _steps(first), _steps(second)),
        Row(_("Size"), _size(first), _size(second)),
        *_options(first, second),
        Row(_("Loss"), _loss(first), _loss(second)),
    ]


def _options(first: Job, second: Job) -> list[Row]:
    usual = {name: OPTIONS[name] for name in OPTIONS if name in first.options or name in second.options}
    pairs = zip(describe(usual | first.options), describe(usual | second.options), strict=True)
    return [Row(label, value, other) for (label, value), (_label, other) in pairs]


def _steps(job: Job) -> str:
    if job.step == job.steps:
        return str(job.steps)
    return _("%(step)d of %(total)d") % {"step": job.step, "total": job.steps}


def _size(job: Job) -> str:
    return f"{job.width} × {job.height}"


def _loss(job: Job) -> str:
    return "–" if job.loss is None else localize(round(job.loss, 3))
