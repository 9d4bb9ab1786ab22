"""What people send to continue a finished picture."""

from typing import Any, cast

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from generator.continuing import most_steps
from generator.models import Job


class ContinueForm(forms.Form):
    """How many steps more a finished picture shall get."""

    steps = forms.IntegerField(label=_("More steps"), min_value=1)

    def __init__(self, *args: Any, job: Job, **kwargs: Any) -> None:
        left = job.steps - job.step
        super().__init__(*args, **{"initial": {"steps": left or min(40, most_steps(job))}, **kwargs})
        field = cast(forms.IntegerField, self.fields["steps"])
        field.max_value = field.widget.attrs["max"] = most_steps(job)
        field.validators.append(MaxValueValidator(most_steps(job)))
