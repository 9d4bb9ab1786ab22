"""What a search box offers, for its script."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from gallery.query import MAX_QUERY
from gallery.rates import TooOften
from gallery.suggestions import RATE, suggest


@never_cache
@require_safe
def suggestions(request: HttpRequest) -> JsonResponse:
    """?q= is what stands in the box. 429 for a script that asks without a pause."""
    try:
        RATE.count(request)
    except TooOften:
        return JsonResponse({"suggestions": []}, status=429)
    typed = request.GET.get("q", "").replace("\0", "")[:MAX_QUERY]
    found = [
        {
            "kind": str(suggestion.kind.label),
            "text": suggestion.text,
            "query": suggestion.query,
            "address": suggestion.address,
        }
        for suggestion in suggest(user=request.user, typed=typed)
    ]
    return JsonResponse({"suggestions": found})
