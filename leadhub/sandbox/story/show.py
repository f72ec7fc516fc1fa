"""The whole demo: set up, start, perform, compare, and stay up to be looked at."""

import os
import random
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from django.conf import settings
from django.core.management import call_command

from leadhub import serving
from leadhub.kernel import clock
from leadhub.sandbox.story import home, scenery, verdict
from leadhub.sandbox.story.cast import Casting
from leadhub.sandbox.story.crew import Crew
from leadhub.sandbox.story.performance import perform
from leadhub.sandbox.story.playbook import write
from leadhub.sandbox.story.report import Screen
from leadhub.sandbox.telephony.wire import Wire

SEED = 2026
FILLING_IN = 2.2  # seconds: a form sent faster than a person can type is held as a bot's


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What was asked for on the command line."""

    once: bool
    deliveries: int


def run(wish: Wish, *, screen: Screen) -> bool:
    """Give the demo. True when everything came out as the script says."""
    folder, port = Path(os.environ[home.HOME]), int(os.environ[home.FIXED])
    signal.signal(signal.SIGTERM, _leave)
    screen.say(f"LeadHub demo on {_engine()}. Its files: {folder}")
    call_command("migrate", verbosity=0, interactive=False)
    with Crew(logs=folder / "logs") as crew:
        crm_url = start(crew, port=port)
        right = _perform(wish, crew=crew, crm_url=crm_url, screen=screen)
        if not wish.once:
            _stay(crew, screen=screen, crm_url=crm_url)
    return right


def start(crew: Crew, *, port: int) -> str:
    """Start the CRM simulator, the web process and, with a broker, a worker. Gives the simulator's address."""
    crm_port = home.free_port()
    crm_url = f"http://{home.LOOPBACK}:{crm_port}"
    crew.start("hubspot", ["leadhub.sandbox.hubspot", "--port", str(crm_port)])
    crew.start("web", serving.command(host=home.LOOPBACK, port=port))
    if settings.REDIS_URL:
        crew.start("worker", ["celery", "-A", "leadhub", "worker", "-Q", "pipeline", "-c", "2", "--without-gossip"])
    crew.wait_for("hubspot", f"{crm_url}/__sandbox__/stats")
    crew.wait_for("web", f"{settings.PUBLIC_URL}/readyz")
    return crm_url


def _perform(wish: Wish, *, crew: Crew, crm_url: str, screen: Screen) -> bool:
    fresh = settings.EMBEDDED
    rng = random.Random(SEED if fresh else None)  # noqa: S311 - a story, not a secret
    run_tag = "" if fresh else f"-{rng.randrange(16**6):06x}"
    stage = scenery.build(crm_url=crm_url, run=run_tag, now=clock.now())
    casting = Casting(rng=rng, taken=scenery.numbers_in_use(), tag=run_tag.strip("-"))
    with Wire() as wire:
        doors = stage.doors(rng=rng, wire=wire)
        script = write(doors=doors, casting=casting, rng=rng, deliveries=wish.deliveries, now=clock.now())
        screen.say(f"{len(script.lines)} deliveries by {len(script.truth.people)} people, in three acts:")
        threading.Event().wait(FILLING_IN)
        sent = perform(script, wire=wire, progress=screen.progress, alive=crew.check)
    found = verdict.read(stage=stage, crm_url=crm_url)
    checks = verdict.check(script.truth, sent, found)
    screen.table(checks)
    screen.details(found)
    right = all(check.right for check in checks)
    screen.say("\n  Everything is as the script says." if right else f"\n  Something is wrong. Logs: {crew.logs}")
    return right


def _stay(crew: Crew, *, screen: Screen, crm_url: str) -> None:
    password = scenery.login()
    screen.say(f"\n  Admin     {settings.PUBLIC_URL}/admin/   user {scenery.LOGIN}   password {password}")
    screen.say(f"  API       {settings.PUBLIC_URL}/api/docs/")
    screen.say(f"  CRM       {crm_url}/__sandbox__/stats?records=1")
    rest = threading.Event()
    try:
        screen.say("  Ctrl-C ends the demo.")
        while True:
            crew.check()
            rest.wait(1.0)
    except KeyboardInterrupt:
        screen.say("\n  Ending.")


def _engine() -> str:
    broker = "Redis and a Celery worker" if settings.REDIS_URL else "no broker"
    return f"{settings.DATABASES['default']['ENGINE'].rpartition('.')[2]}, {broker}"


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(143)  # 128 + SIGTERM; leaving the crew's block ends its processes
