"""A: one Celery chain of four tasks for every signal, one commit each, as such systems are usually built."""
