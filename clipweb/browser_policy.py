"""What a page may do in its reader's browser: use its own scripts, styles, pictures and sockets alone."""

from csp.constants import NONE, SELF
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

# No inline script or style, and so no nonce for one: https://www.w3.org/TR/CSP3/
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "blob:", "data:"],  # frames of a socket and files just chosen; the admin's arrows
        "font-src": [SELF],
        "connect-src": [SELF],  # sockets of this host among them
        "media-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# Whatever asks a reader for a device's senses or for money; no page needs one.
FEATURES = ("camera", "microphone", "geolocation", "display-capture", "payment", "usb", "serial", "midi")
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in FEATURES)


class PermissionsPolicyMiddleware(MiddlewareMixin):
    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response
