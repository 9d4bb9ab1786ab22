"""The form fields of the filters: each cleans to the text that stands in the address, or to a day."""

import uuid
from datetime import date
from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from gallery.models import Album, Tag, User
from gallery.tagging import normal_name

MINE = "mine"  # as an owner: whoever asks

Person = User | AnonymousUser
Words = Any  # a text, or one that is translated where it is shown


class TextField(forms.CharField):
    def __init__(self, label: Words, max_length: int) -> None:
        super().__init__(label=label, max_length=max_length, required=False)


class TagField(TextField):
    """A tag that nobody has is no error: it would tell which tags there are."""

    def __init__(self) -> None:
        super().__init__(_("Tag"), Tag.MAX_LENGTH)

    def clean(self, value: Any) -> str:
        return normal_name(super().clean(value))


class AlbumField(forms.ChoiceField):
    """One of the person's own albums to choose from; in an address, any that they may see."""

    default_error_messages = {"invalid_choice": _("There is no such album.")}

    def __init__(self, person: Person) -> None:
        self.visible = Album.objects.visible_to(person)
        own = self.visible.filter(owner=person) if person.is_authenticated else self.visible.none()
        albums = [(str(pk), title) for pk, title in own.order_by("title").values_list("pk", "title")]
        super().__init__(label=_("Album"), required=False, choices=[("", _("Any")), *albums])

    def valid_value(self, value: Any) -> bool:
        if super().valid_value(value):
            return True
        try:
            return self.visible.filter(pk=uuid.UUID(value)).exists()
        except ValueError:
            return False


class OwnerField(forms.CharField):
    """“mine”, or somebody's name. A name that nobody has is no error: it would tell who is here."""

    def __init__(self, person: Person) -> None:
        super().__init__(
            label=_("Owner"),
            max_length=150,
            required=False,
            widget=forms.TextInput(attrs={"list": "owners", "autocomplete": "off"}),
        )
        self.person = person

    def clean(self, value: Any) -> str:
        owner: str = super().clean(value)
        if owner.lower() != MINE:
            return owner
        if not self.person.is_authenticated:
            raise forms.ValidationError(_("Sign in to search your own pictures."), code="anonymous")
        return MINE


class OptionField(forms.ChoiceField):
    """One of a few, or none of them."""

    default_error_messages = {"invalid_choice": _("“%(value)s” is none of the choices.")}

    def __init__(self, label: Words, choices: type[models.TextChoices]) -> None:
        super().__init__(label=label, required=False, choices=[("", _("Any")), *choices.choices])


class DayField(forms.DateField):
    default_error_messages = {
        "invalid": _("Write the date as year-month-day, for example 2026-01-31."),
        "year": _("Choose a year from 1800 to 2999."),
    }

    def __init__(self, label: Words) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(label=label, required=False, input_formats=["%Y-%m-%d"], widget=widget)

    def clean(self, value: Any) -> date | None:
        day = super().clean(value)
        if day is not None and not 1800 <= day.year <= 2999:  # databases and time zones end somewhere
            raise forms.ValidationError(self.error_messages["year"], code="year")
        return day
