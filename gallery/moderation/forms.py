"""What moderators fill in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gallery.models import AuditEntry, PrintBlocking, Report, Suspension
from gallery.moderation.actions import Terms
from gallery.moderation.audit_reading import AuditFilter

ALL = ("", _("all"))


class ReasonForm(forms.Form):
    """Why a moderator does something. The owner reads it."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        required=False,
        widget=forms.TextInput,
        help_text=_("The owner reads it."),
    )


class DecisionForm(ReasonForm):
    """The actions that go together are checked where they are planned (moderation/actions.py)."""

    action = forms.MultipleChoiceField(
        label=_("What to do"),
        choices=AuditEntry.Action.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one of the actions that are offered.")},
    )
    scope = forms.MultipleChoiceField(
        label=_("What they may not do"),
        choices=Suspension.Scope.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(
        label=_("For how many days"),
        required=False,
        min_value=1,
        max_value=3650,
        help_text=_("Empty: for good."),
    )

    def decided(self) -> dict[str, Any]:
        """What decide() takes, once the form is valid."""
        given = self.cleaned_data
        terms = Terms(scopes=tuple(given["scope"]), days=given["days"])
        return {"chosen": given["action"], "reason": given["reason"], "terms": terms}


class PrintBlockingForm(ReasonForm):
    """How much a picture has to look like a blocked one, and what happens to it then."""

    distance = forms.IntegerField(
        label=_("Bits of 256 that may differ"),
        min_value=PrintBlocking.LEAST,
        max_value=PrintBlocking.MOST,
        help_text=_("More catches more changes of a blocked picture, and more pictures that are others."),
    )
    result = forms.ChoiceField(
        label=_("What happens to a picture that looks like a blocked one"),
        choices=PrintBlocking.Result.choices,
        widget=forms.RadioSelect,
    )
    field_order = ("distance", "result", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("For the audit log.")


class ReportForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("What is wrong?"), choices=Report.Reason.choices, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=_("What moderators should know"), max_length=1000, required=False, widget=forms.Textarea
    )


class AppealForm(forms.Form):
    text = forms.CharField(
        label=_("Why was the decision wrong?"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=_("Answer"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The owner reads it."),
    )
    verdict = forms.ChoiceField(choices=[("uphold", ""), ("reject", "")])  # which of the two buttons


class AuditFilterForm(forms.Form):
    actor = forms.CharField(
        label=_("Who"), max_length=150, required=False, help_text=_("User name or number.")
    )
    action = forms.ChoiceField(label=_("Action"), choices=[ALL, *AuditEntry.Action.choices], required=False)
    kind = forms.ChoiceField(label=_("About"), choices=[ALL, *AuditEntry.Kind.choices], required=False)
    key = forms.CharField(
        label=_("Which"), max_length=64, required=False, help_text=_("Its number, or the SHA-256 of a file.")
    )
    first_day = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last_day = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def chosen(self) -> AuditFilter:
        """Once the form is valid."""
        return AuditFilter(**self.cleaned_data)
