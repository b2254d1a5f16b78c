"""The addresses of the API and of its documentation."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny

from hub.api import health, schema  # noqa: F401 - the schema's extensions register themselves
from hub.api.environment import RereadEnvironment
from hub.api.metrics import Metrics
from hub.api.root import Nowhere, Root

v1: list[URLPattern | URLResolver] = [
    path("", Root.as_view(), name="api-root"),
    path("", include("telemetry.api.urls")),
    path("", include("telemetry.live.urls")),
    path("", include("devices.api.urls")),
    path("", include("bridges.api.urls")),
    path("rereadenv", RereadEnvironment.as_view(), name="rereadenv"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(v1)),
    path("api/schema/", SpectacularAPIView.as_view(permission_classes=[AllowAny]), name="schema"),
    path(
        "api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema", permission_classes=[AllowAny]), name="docs"
    ),
    re_path("^api(/|$)", Nowhere.as_view()),
    path("metrics", Metrics.as_view(), name="metrics"),
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
]
