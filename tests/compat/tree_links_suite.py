"""Run by pytest in an environment: what programs do that look at where packages lie. Prints one line for each answer."""

import glob
import os
import pathlib
import site
import sys

import django
import numpy

LIBRARY = site.getsitepackages()[0]


def test_plugins(request):
    plugins = {plugin.__name__ for plugin in request.config.pluginmanager.get_plugins() if hasattr(plugin, "__name__")}
    hook = next(hook for hook in sys.meta_path if type(hook).__name__ == "AssertionRewritingHook")
    print("\nplugins", sorted(plugins))
    print("rewritten", sorted(hook._must_rewrite))


def test_django(tmp_path):
    from django.apps import apps
    from django.conf import settings
    from django.contrib.staticfiles import finders
    from django.core.management import call_command
    from django.template.loader import get_template
    from django.utils.translation import gettext

    contrib = [f"django.contrib.{name}" for name in "admin auth contenttypes sessions messages staticfiles".split()]
    processors = ["django.contrib.auth.context_processors.auth", "django.template.context_processors.request"]
    processors += ["django.contrib.messages.context_processors.messages"]
    settings.configure(
        INSTALLED_APPS=contrib,
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": processors},
            }
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        STATIC_URL="/static/",
        STATIC_ROOT=str(tmp_path / "static"),
        SECRET_KEY="x",
        LANGUAGE_CODE="de",
    )
    django.setup()
    call_command("check")
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    print("\ntemplate", os.path.relpath(get_template("admin/base.html").origin.name, LIBRARY))
    print("static", sum(len(files) for _, _, files in os.walk(tmp_path / "static")), finders.find("admin/css/base.css") is not None)
    print("translated", gettext("Yes"), os.path.relpath(apps.get_app_config("admin").path, LIBRARY))


def test_places():
    def sources(found):
        return sum(1 for path in found if str(path).endswith(".py"))

    walked = (os.path.join(top, name) for top, _, names in os.walk(LIBRARY) for name in names)
    followed = (os.path.join(top, name) for top, _, names in os.walk(LIBRARY, followlinks=True) for name in names)
    print("\nwalk", sources(walked), sources(pathlib.Path(LIBRARY).rglob("*.py")))
    print("followed", sources(followed), sources(glob.glob(f"{LIBRARY}/**/*.py", recursive=True)))
    print("resolved", pathlib.Path(numpy.__file__).resolve().is_relative_to(LIBRARY), "site-packages" in os.path.realpath(numpy.__file__))
