"""A picture's file to take the recipe from."""

from django import forms
from django.utils.translation import gettext_lazy as _


class RemixForm(forms.Form):
    """What is in the file is checked when it is read."""

    file = forms.FileField(
        label=_("A picture that was made here"),
        help_text=_("A PNG, dropped here or chosen. Its recipe is read, and nothing of it is stored."),
        widget=forms.FileInput(attrs={"accept": "image/png"}),
        error_messages={
            "required": _("Choose a picture that was made here."),
            "empty": _("The file is empty."),
        },
    )
