"""What people fill in to write a policy."""

import math
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gallery.models import Policy
from gallery.moderation import prompts

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

    prompt_threshold = forms.FloatField(
        label=_("Threshold of prompts"),
        required=False,
        min_value=-HIGHEST,
        max_value=HIGHEST,
        widget=forms.NumberInput(attrs={"step": "any", "placeholder": "5"}),
        help_text=_(
            "From here on a prompt means what the descriptions above say, and nothing is made from it."
            " Empty: what prompts mean is not compared."
        ),
    )

    class Meta:
        model = Policy
        fields = ("name", "texts", "threshold", "result", "words", "prompt_threshold", "is_active")
        labels = {
            "name": _("Name"),
            "texts": _("What the pictures show"),
            "result": _("What happens to a picture that is caught"),
            "words": _("Words that no prompt may have"),
            "is_active": _("In force"),
        }
        help_texts = {
            "name": _("Owners of pictures that are caught read it."),
            "texts": _("In English, one description a line, such as “a pistol”. They are averaged."),
            "words": _(
                "A word or several in a row on each line, in any language; capital letters do not matter. A"
                " star at the end stands for more letters: “weapon*” is “weapons” too."
            ),
            "is_active": _(
                "New pictures are then seen by their owners and moderators alone until they are checked."
            ),
        }
        widgets = {
            "texts": forms.Textarea(attrs={"rows": 4}),
            "words": forms.Textarea(attrs={"rows": 4}),
            "result": forms.RadioSelect,
        }

    def clean_texts(self) -> str:
        texts = _lines(self.cleaned_data["texts"])
        if len(texts) > MOST_TEXTS or any(len(text) > LONGEST_TEXT for text in texts):
            limits = {"texts": MOST_TEXTS, "characters": LONGEST_TEXT}
            raise forms.ValidationError(
                _("At most %(texts)d descriptions of %(characters)d characters each."), params=limits
            )
        return "\n".join(texts)

    def clean_words(self) -> str:
        words = _lines(self.cleaned_data["words"])
        for line in words:
            if not prompts.pattern(line):
                raise forms.ValidationError(
                    _("“%(line)s” has no letters or digits to look for."), params={"line": line}
                )
        return "\n".join(words)

    def clean_threshold(self) -> float:
        return _finite(self.cleaned_data["threshold"])

    def clean_prompt_threshold(self) -> float | None:
        threshold = self.cleaned_data["prompt_threshold"]
        return threshold if threshold is None else _finite(threshold)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("texts") and "texts" not in self.errors:
            if data.get("prompt_threshold") is not None:
                self.add_error("texts", _("Write at least one description to compare prompts with."))
            elif not data.get("words") and "words" not in self.errors:
                self.add_error(
                    "texts", _("Write at least one description, or a word that no prompt may have.")
                )
        return data


def _lines(text: str) -> list[str]:
    """Each once, without needless spaces, in their order."""
    return list(dict.fromkeys(filter(None, (" ".join(line.split()) for line in text.splitlines()))))


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise forms.ValidationError(_("Enter a number."))
    return number
