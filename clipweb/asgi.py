"""The web process: pages over HTTP, live frames over WebSockets."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clipweb.settings")

from clipweb.bodies import get_application

http_application = get_application()  # before anything below reads the models

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

import gallery.routing  # noqa: E402
import generator.routing  # noqa: E402

socket_addresses = [*gallery.routing.websocket_urlpatterns, *generator.routing.websocket_urlpatterns]
application = ProtocolTypeRouter(
    {
        "http": http_application,
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(socket_addresses))),
    }
)
