"""Messages are hints: whoever can write to the broker can wake workers, and nothing more."""

import pytest
from kombu.exceptions import ContentDisallowed
from kombu.serialization import dumps, loads, prepare_accept_content

from leadhub import pipeline
from leadhub.celery import app


def test_a_message_that_is_not_json_is_not_opened() -> None:
    content_type, encoding, body = dumps({"size": 1}, serializer="pickle")
    with pytest.raises(ContentDisallowed):
        loads(body, content_type, encoding, accept=prepare_accept_content(app.conf.accept_content))


def test_a_wake_up_carries_a_batch_size_and_nothing_of_anybody() -> None:
    steps = pipeline.steps().tasks
    assert [step.task for step in steps] == [stage.task for stage in pipeline.STAGES]
    assert {tuple(step.kwargs) for step in steps} == {("size",)}
    assert not any(step.args for step in steps)


@pytest.mark.django_db
@pytest.mark.parametrize("stage", pipeline.STAGES, ids=lambda stage: stage.name)
def test_a_task_minds_no_argument_of_another_release(stage: pipeline.Stage) -> None:
    app.finalize(auto=True)
    app.autodiscover_tasks(force=True)
    app.tasks[stage.task].apply(kwargs={"size": 5, "lead": "x", "later": {"a": [1]}}, throw=True)


def test_a_worker_takes_no_message_home_before_it_has_done_the_last() -> None:
    assert (app.conf.task_acks_late, app.conf.worker_prefetch_multiplier) == (False, 1)
    assert app.conf.broker_transport_options["ack_emulation"] is False
    assert app.conf.broker_connection_max_retries is None
