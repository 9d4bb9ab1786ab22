"""What people send. Every message is one that says what to do."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from gallery.models import Image, SavedSearch, Upload
from gallery.query import MAX_QUERY, QueryError, parse
from gallery.search import Order
from gallery.tagging import parse_tags


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files, from one up. What is in them is checked when each one is stored."""

    widget = FilesInput

    def clean(self, data: Sequence[UploadedFile] | None, initial: Any = None) -> list[UploadedFile]:
        if not data:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return list(data)


class UploadForm(forms.Form):
    files = FilesField(  # type: ignore[assignment]  # the metaclass keeps it apart from Form.files
        label=_("Pictures"),
        error_messages={"required": _("Choose at least one picture.")},
        widget=FilesInput(attrs={"accept": "image/*"}),
    )
    visibility = forms.ChoiceField(
        label=_("Who may see them"),
        choices=Image.Visibility.choices,
        initial=Image.Visibility.PRIVATE,
    )

    def clean_files(self) -> list[UploadedFile]:
        files = self.cleaned_data["files"]
        if len(files) > settings.UPLOAD_MAX_FILES:
            raise forms.ValidationError(
                _("At most %(limit)d files at once."),
                code="too_many",
                params={"limit": settings.UPLOAD_MAX_FILES},
            )
        return files


class UploadMetadataForm(forms.Form):
    """What comes along with a file that is sent piece by piece."""

    key = forms.CharField(max_length=64, required=False)
    name = forms.CharField(required=False)
    modified = forms.CharField(max_length=20, required=False)
    visibility = forms.ChoiceField(choices=Image.Visibility.choices, required=False)

    def clean_name(self) -> str:
        longest = Upload._meta.get_field("name").max_length or 0
        return str(self.cleaned_data["name"])[:longest]

    def clean_visibility(self) -> Image.Visibility:
        return Image.Visibility(self.cleaned_data["visibility"] or Image.Visibility.PRIVATE)


class TagsField(forms.CharField):
    """Words separated by commas; cleaned to the list of their names."""

    def __init__(self, **options: Any) -> None:
        defaults = {"label": _("Tags"), "help_text": _("Separated by commas, for example: sea, sunset.")}
        super().__init__(**{**defaults, **options})

    def clean(self, value: Any) -> list[str]:
        return parse_tags(super().clean(value))


class PictureForm(forms.ModelForm):
    tags = TagsField(required=False)

    class Meta:
        model = Image
        fields = ["title", "caption", "visibility", "share_original", "keep_location"]
        widgets = {"caption": forms.Textarea(attrs={"rows": 3})}
        labels = {
            "share_original": _("Others may have the original file"),
            "keep_location": _("Keep where it was taken"),
        }
        help_texts = {
            "share_original": _(
                "With everything that the camera noted in it, such as where it was taken. Otherwise others "
                "get a copy of its full size without any of that."
            ),
            "keep_location": _("Shown to you alone. The original file stays as it is."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("tags", ", ".join(tag.name for tag in self.instance.tags.all()))
        if not self.instance.has_location:
            del self.fields["keep_location"]


class SearchForm(forms.Form):
    q = forms.CharField(
        label=_("Describe a picture"),
        max_length=MAX_QUERY,
        required=False,
        error_messages={
            "max_length": ngettext_lazy(
                "Use at most %(limit_value)d character; this has %(show_value)d.",
                "Use at most %(limit_value)d characters; this has %(show_value)d.",
                "limit_value",
            )
        },
    )
    like = forms.UUIDField(required=False, widget=forms.HiddenInput)
    sort = forms.ChoiceField(
        label=_("Sort by"),
        required=False,
        choices=Order.choices,
        error_messages={"invalid_choice": _("Sort by “relevance” or by “date”, not by “%(value)s”.")},
    )

    def clean_q(self) -> str:
        text: str = self.cleaned_data["q"]
        try:
            if text:
                parse(text)
        except QueryError as error:
            raise forms.ValidationError(error.message, code="query") from None
        return text

    def clean_sort(self) -> str:
        return self.cleaned_data["sort"] or Order.RELEVANCE


class QueryPictureForm(forms.Form):
    """A picture to search by. What is in it is checked when it is read."""

    file = forms.FileField(
        label=_("A picture to search by"),
        help_text=_("It is compared and not stored."),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
        error_messages={
            "required": _("Choose a picture to search by."),
            "empty": _("The file is empty."),
        },
    )


class SearchNameForm(forms.ModelForm):
    class Meta:
        model = SavedSearch
        fields = ["name"]
