"""What people fill in to write a policy."""

import math

from django import forms
from django.utils.translation import gettext_lazy as _

from gallery.models import Policy

MOST_TEXTS = 20
LONGEST_TEXT = 200
HIGHEST = 20.0  # spreads


class PolicyForm(forms.ModelForm):
    """Checked here, written by policies.save_policy()."""

    threshold = forms.FloatField(
        label=_("Threshold"),
        min_value=-HIGHEST,
        max_value=HIGHEST,
        initial=3.0,
        widget=forms.NumberInput(attrs={"step": "any"}),
        help_text=_(
            "By how many spreads a picture has to stand out from pictures that have nothing to do with the"
            " words. Less catches more, and more that is harmless."
        ),
    )

    class Meta:
        model = Policy
        fields = ("name", "texts", "threshold", "result", "is_active")
        labels = {
            "name": _("Name"),
            "texts": _("What the pictures show"),
            "result": _("What happens to a picture that is caught"),
            "is_active": _("In force"),
        }
        help_texts = {
            "name": _("Owners of pictures that are caught read it."),
            "texts": _("In English, one description a line, such as “a pistol”. They are averaged."),
            "is_active": _(
                "New pictures are then seen by their owners and moderators alone until they are checked."
            ),
        }
        widgets = {"texts": forms.Textarea(attrs={"rows": 4}), "result": forms.RadioSelect}

    def clean_texts(self) -> str:
        lines = [" ".join(line.split()) for line in self.cleaned_data["texts"].splitlines()]
        texts = list(dict.fromkeys(filter(None, lines)))
        if not texts:
            raise forms.ValidationError(_("Write at least one description."))
        if len(texts) > MOST_TEXTS or max(map(len, texts)) > LONGEST_TEXT:
            limits = {"texts": MOST_TEXTS, "characters": LONGEST_TEXT}
            raise forms.ValidationError(
                _("At most %(texts)d descriptions of %(characters)d characters each."), params=limits
            )
        return "\n".join(texts)

    def clean_threshold(self) -> float:
        threshold = self.cleaned_data["threshold"]
        if not math.isfinite(threshold):
            raise forms.ValidationError(_("Enter a number."))
        return threshold
