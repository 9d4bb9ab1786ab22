"""What people send about albums."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from gallery.albums import add_pictures, create_album
from gallery.models import Album, Image, User


class AlbumForm(forms.ModelForm):
    class Meta:
        model = Album
        fields = ["title", "description", "order", "visibility"]
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "visibility": _(
                "Public: everybody finds the album and sees those of its pictures that are public. With a "
                "secret link: whoever has the link sees all its pictures, also private ones, and nobody else "
                "learns of it."
            )
        }


class AddToAlbumForm(forms.Form):
    """One of a person's albums, or the title of a new one."""

    album = forms.ModelChoiceField(
        Album.objects.none(),
        label=_("Album"),
        required=False,
        empty_label=_("A new album"),
        error_messages={"invalid_choice": _("Choose one of your albums.")},
    )
    album_title = forms.CharField(
        label=_("Title of the new album"),
        max_length=Album._meta.get_field("title").max_length,
        required=False,
    )

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner
        self.fields["album"].queryset = Album.objects.filter(owner=owner).order_by("title", "pk")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and not values.get("album") and not values.get("album_title"):
            raise forms.ValidationError(_("Choose an album, or write the title of a new one."), code="none")
        return values

    def first_error(self) -> str:
        """For a page that has no room for the form's own errors."""
        return str(next(message for errors in self.errors.values() for message in errors))

    @transaction.atomic
    def save(self, images: Sequence[Image]) -> Album:
        """Puts the pictures into the chosen album, or into the new one."""
        album: Album = self.cleaned_data["album"] or create_album(
            owner=self.owner, title=self.cleaned_data["album_title"]
        )
        add_pictures(album=album, images=images)
        return album


class ArrangeForm(forms.Form):
    """A change to one picture's place in an album. to: the picture whose place it takes."""

    ACTIONS = ("up", "down", "move", "cover", "remove")

    picture = forms.UUIDField()
    action = forms.ChoiceField(choices=[(action, action) for action in ACTIONS])
    to = forms.UUIDField(required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("action") == "move" and not isinstance(values.get("to"), uuid.UUID):
            raise forms.ValidationError(_("The place to move to is missing."), code="no_place")
        return values
