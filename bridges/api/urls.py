"""The addresses of brokers, topics, rules, packets and of what goes out, below /api/v1/."""

from django.urls import path

from bridges.api.views import Brokers, Rules, Topics
from telemetry.api.configured_views import ROW, ROWS

urlpatterns = [
    path("brokers", Brokers.as_view(ROWS), name="brokers"),
    path("brokers/<str:name>", Brokers.as_view(ROW), name="broker"),
    path("topics", Topics.as_view(ROWS), name="topics"),
    path("topics/<str:name>", Topics.as_view(ROW), name="topic"),
    path("rules", Rules.as_view(ROWS), name="rules"),
    path("rules/<str:name>", Rules.as_view(ROW), name="rule"),
]
