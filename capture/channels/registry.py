"""Every adapter by name: one row is all it takes to add a provider. The names are what `Source.adapter` keeps."""

from functools import cache
from importlib import import_module
from typing import cast

from capture.channels.base import Adapter
from leadhub.kernel.errors import Permanent

ADAPTERS = {
    "twilio_sms": "capture.channels.sms.twilio.adapter.TwilioSms",
    "twilio_voice": "capture.channels.voice.twilio.adapter.TwilioVoice",
    "json_api": "capture.channels.bridge.json_api.adapter.JsonApi",
    "web_form": "capture.channels.web.form.adapter.WebForm",
    "manual": "capture.channels.desk.manual.adapter.Manual",
}


@cache
def adapter(name: str) -> Adapter:
    """Give the adapter of this name, loaded on first use."""
    path = ADAPTERS.get(name)
    if path is None:
        raise Permanent(f"there is no adapter {name!r}: choose one of {', '.join(ADAPTERS)}")
    module, _, made = path.rpartition(".")
    return cast("Adapter", getattr(import_module(module), made)())
