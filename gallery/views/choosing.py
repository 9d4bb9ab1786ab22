"""Which pictures a form has chosen."""

import uuid

from django.http import HttpRequest


def chosen_ids(request: HttpRequest) -> list[uuid.UUID]:
    """The values of the fields named `picture`, each once and in their order; what is no id is passed over.

    Whose pictures they are is for the caller to filter: ids of others are passed over in the same way, so
    that the answer does not tell whether there are such pictures.
    """
    return list(dict.fromkeys(pk for text in request.POST.getlist("picture") if (pk := _uuid(text))))


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
