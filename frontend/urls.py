"""The addresses of the browser application: the live page, and signing in and out."""

from django.contrib.auth.views import LoginView, LogoutView
from django.templatetags.static import static
from django.urls import path
from django.views.generic import RedirectView

from frontend.views import index

urlpatterns = [
    path("", index, name="live-page"),
    path("login/", LoginView.as_view(), name="login"),
    path("favicon.ico", RedirectView.as_view(url=static("ui/favicon.svg"))),  # browsers ask for it on every page
    path("logout/", LogoutView.as_view(), name="logout"),
]
