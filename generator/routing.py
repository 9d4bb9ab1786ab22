from django.urls import path, re_path

from generator.consumers import JobConsumer, UnknownConsumer

websocket_urlpatterns = [
    path("ws/jobs/<uuid:job_id>/", JobConsumer.as_asgi()),
    re_path("", UnknownConsumer.as_asgi()),
]
