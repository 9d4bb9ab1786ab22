"""What moderators fill in."""

from django import forms
from django.utils.translation import gettext_lazy as _

from gallery.models import AuditEntry
from gallery.moderation.audit_reading import AuditFilter

ALL = ("", _("all"))


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
