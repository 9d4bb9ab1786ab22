"""Which of these? Labels on chosen pictures, on an album or on a search, with probabilities."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import EmptyPage, Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from gallery.encoder_client import EncoderFailed, EncoderRefused, EncoderUnavailable
from gallery.rates import Rate, TooOften
from gallery.views.paging import page_number
from gallery.views.subjects import Pairs, Subject, SubjectError, about, read_subject
from gallery.which_forms import ClassifyForm, ThresholdForm
from gallery.which_table import as_csv
from gallery.zeroshot import Matrix, classify

RATE = Rate("labels")
ROWS_A_PAGE = 24
VIEWS = ("bars", "table")


@dataclass(frozen=True)
class Asked:
    """What an address asks, as far as it could be answered. refused: why not, for the reader."""

    about: Pairs
    form: ClassifyForm
    subject: Subject | None = None
    matrix: Matrix | None = None
    refused: str = ""
    encoder_away: bool = False
    status: int = 200

    @property
    def parameters(self) -> Pairs:
        """Of the address that asks the same anew: pictures, labels and sentences."""
        return [*self.about, *self.form.parameters()]

    @property
    def address(self) -> str:
        return address_of(self.parameters)


@require_safe
def which(request: HttpRequest) -> HttpResponse:
    """?picture=…&picture=…, ?album=… or a search's parameters, with labels=…, set=…, template=…, sentence=…
    and none=on; without labels it asks for them. Nothing is stored."""
    asked = ask(request, request.GET)
    own_set = asked.form.own_set()
    if own_set and asked.matrix:
        return redirect(_with_labels_written(asked))  # its name means nothing to others
    context = {"asked": asked, "form": asked.form, "subject": asked.subject, "matrix": asked.matrix}
    if asked.matrix and asked.matrix.rows:
        context |= _answer(request, asked, asked.matrix)
    return render(request, "gallery/which.html", context, status=asked.status)


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The matrix as a CSV file, for the same parameters. What cannot be answered is told as on the page."""
    asked = ask(request, request.GET)
    if not asked.matrix:
        context = {"asked": asked, "form": asked.form, "subject": asked.subject}
        status = 400 if asked.status == 200 else asked.status
        return render(request, "gallery/which.html", context, status=status)
    response = HttpResponse(as_csv(asked.matrix), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="clipweb-labels.csv"'
    response["Cache-Control"] = "private, no-store"
    return response


def ask(request: HttpRequest, params: QueryDict) -> Asked:
    """Raises Http404 for pictures, albums and label sets that do not exist for the person."""
    person = request.user
    asks = bool(params.keys() & {"labels", "set"})
    form = ClassifyForm(params if asks else None, person=person)
    asked = Asked(about(params), form)
    if asks and form.asks_for_unknown_set():
        raise Http404
    try:
        subject = read_subject(person, params)
        if subject is None or not asks:
            return replace(asked, subject=subject)
        asked = replace(asked, subject=subject)
        if not form.is_valid():
            return replace(asked, status=400)
        RATE.count(request)
        matrix = classify(
            images=subject.images,
            labels=form.chosen_labels,
            templates=form.templates,
            with_none=form.cleaned_data["none"],
        )
        return replace(asked, matrix=matrix)
    except TooOften as error:
        return replace(asked, refused=error.words, status=429)
    except SubjectError as error:
        return replace(asked, refused=error.message, status=error.status)
    except EncoderRefused as error:
        return replace(asked, refused=str(error), status=400)
    except (EncoderUnavailable, EncoderFailed):
        return replace(asked, encoder_away=True, status=503)


def address_of(parameters: Pairs, name: str = "which") -> str:
    return f"{reverse(f'gallery:{name}')}?{urlencode(parameters)}"


def _with_labels_written(asked: Asked) -> str:
    pairs = [(name, value) for name, value in asked.parameters if name not in {"labels", "set"}]
    names = [label.text for label in asked.form.chosen_labels]
    return address_of([*pairs, ("labels", "\n".join(names))])


def _answer(request: HttpRequest, asked: Asked, matrix: Matrix) -> dict[str, Any]:
    """One page of the rows, and the links around them."""
    rows = Paginator(matrix.rows, ROWS_A_PAGE)
    try:
        page = rows.page(page_number(request))
    except EmptyPage:
        raise Http404 from None
    shown = request.GET.get("view", "")
    if shown not in VIEWS:
        shown = "bars" if len(matrix.rows) == 1 else "table"
    return {
        "page_obj": page,
        "page_query": urlencode([*asked.parameters, ("view", shown)]) + "&",
        "shown_as": shown,
        "views": [(view, address_of([*asked.parameters, ("view", view)])) for view in VIEWS],
        "csv_address": address_of(asked.parameters, "which_csv"),
        "save_set_address": address_of([("labels", "\n".join(matrix.labels))], "label_set_create"),
        "threshold_form": ThresholdForm(),
    }
