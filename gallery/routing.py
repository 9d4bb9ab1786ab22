from django.urls import path

from gallery.consumers import PersonConsumer

websocket_urlpatterns = [path("ws/gallery/", PersonConsumer.as_asgi())]
