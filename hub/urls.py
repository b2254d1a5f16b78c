"""Where each address of the hub leads."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("", include("hub.api.urls")),
    path("", include("frontend.urls")),
]
