"""What people ask of the page that classifies, and their label sets."""

import uuid
from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy as _

from gallery.clip.prompts import SLOT
from gallery.labels import BUILT_IN_SETS, Label, check_count, parse_labels
from gallery.models import LabelSet, User
from gallery.zeroshot import OWN_SENTENCE, TEMPLATES

MAX_SENTENCE = 200  # characters
DEFAULT_THRESHOLD = 80  # percent


def _template_choices() -> list[tuple[str, Any]]:
    said = {OWN_SENTENCE: _("The model’s own sentence"), SLOT: _("The label alone")}
    return [(key, said.get(sentence, sentence)) for key, sentence in TEMPLATES.items()]


class LabelsForm(forms.Form):
    """The words to choose between, one a line or separated by commas."""

    labels = forms.CharField(
        label=_("Labels"),
        help_text=_("At least two, one a line or separated by commas."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def clean_labels(self) -> list[str]:
        return parse_labels(self.cleaned_data["labels"])


class ClassifyForm(LabelsForm):
    """Which labels, in which sentences. A valid form has `chosen_labels` and `templates`."""

    set = forms.ChoiceField(
        label=_("Labels of a set"),
        help_text=_("They come after those that you write."),
        required=False,
        error_messages={"invalid_choice": _("There is no such label set.")},
    )
    template = forms.MultipleChoiceField(
        label=_("Sentences"),
        help_text=_("Each label is put into them. Of several, the model’s vectors are averaged."),
        choices=_template_choices,
        initial=["model"],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("“%(value)s” is none of the sentences.")},
    )
    sentence = forms.CharField(
        label=_("A sentence of your own"),
        help_text=_("With {} where the label goes."),
        max_length=MAX_SENTENCE,
        required=False,
    )
    none = forms.BooleanField(label=_("Allow “none of these”"), initial=True, required=False)

    chosen_labels: list[Label]
    templates: list[str]

    def __init__(self, *args: Any, person: User | AnonymousUser, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["labels"].required = False  # those of a set may do
        self.own_sets = list(LabelSet.objects.filter(owner=person)) if person.is_authenticated else []
        built_in = [(key, item.name) for key, item in BUILT_IN_SETS.items()]
        own = [(str(item.pk), item.name) for item in self.own_sets]
        groups = [
            ("", _("None")),
            (_("Sets to begin with"), built_in),
            *([(_("Your sets"), own)] if own else []),
        ]
        self.fields["set"].choices = groups  # type: ignore[attr-defined]

    def clean_sentence(self) -> str:
        sentence = " ".join(self.cleaned_data["sentence"].split())
        if not sentence:
            return ""
        if sentence.count(SLOT) != 1:
            raise forms.ValidationError(
                _("Write {} exactly once, where the label goes; here it stands %(count)d times."),
                code="slot",
                params={"count": sentence.count(SLOT)},
            )
        return sentence

    def clean(self) -> None:
        if self.errors:
            return
        values = self.cleaned_data
        typed = [Label(text, text) for text in values["labels"]]
        if not typed and not values["set"]:
            self.add_error("labels", _("Write at least two labels."))
            return
        by_name = {label.name: label for label in [*typed, *self._set_labels(values["set"])]}
        self.chosen_labels = list(by_name.values())
        sentences = [TEMPLATES[key] for key in values["template"]]
        self.templates = [*sentences, *([values["sentence"]] if values["sentence"] else [])] or [OWN_SENTENCE]
        try:
            check_count(len(self.chosen_labels))
        except forms.ValidationError as error:
            self.add_error("labels", error)

    def parameters(self) -> list[tuple[str, str]]:
        """For an address that asks the same."""
        if not self.is_bound:
            return []
        return [(name, value) for name in self.fields for value in self.data.getlist(name) if value]  # type: ignore[attr-defined]

    def own_set(self) -> LabelSet | None:
        """The one of the person's own sets that is asked for."""
        return next((item for item in self.own_sets if str(item.pk) == self.data.get("set")), None)

    def asks_for_unknown_set(self) -> bool:
        """A set that may be somebody else's, or nobody's any more."""
        try:
            asked = uuid.UUID(self.data.get("set", ""))
        except ValueError:
            return False
        return asked not in {item.pk for item in self.own_sets}

    def _set_labels(self, key: str) -> list[Label]:
        if key in BUILT_IN_SETS:
            return BUILT_IN_SETS[key].labels
        own = self.own_set()
        return [Label(text, text) for text in own.labels] if own else []


class LabelSetForm(forms.ModelForm):
    labels = forms.CharField(
        label=_("Labels"),
        help_text=_("At least two, one a line or separated by commas."),
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Write at least two labels.")},
    )

    class Meta:
        model = LabelSet
        fields = ["name"]

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_labels(self) -> list[str]:
        labels = parse_labels(self.cleaned_data["labels"])
        check_count(len(labels))
        return labels


class ThresholdForm(forms.Form):
    threshold = forms.IntegerField(
        label=_("From which probability, in percent"),
        min_value=1,
        max_value=100,
        initial=DEFAULT_THRESHOLD,
        error_messages={
            "required": _("Write a number from 1 to 100."),
            "invalid": _("Write a whole number from 1 to 100."),
            "min_value": _("Write a number from 1 to 100."),
            "max_value": _("Write a number from 1 to 100."),
        },
    )

    def clean_threshold(self) -> float:
        return self.cleaned_data["threshold"] / 100
