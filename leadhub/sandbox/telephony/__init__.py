"""Those who call at the doors: Twilio, programs with an API key, visitors of a web page. Real HTTP, own signing."""
