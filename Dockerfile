# syntax=docker/dockerfile:1
FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
COPY requirements.txt /tmp/requirements.txt
RUN /venv/bin/pip install --no-deps --require-hashes -r /tmp/requirements.txt

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LEADHUB_HOME=/app/home
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin leadhub
WORKDIR /app
COPY --from=build /venv /venv
COPY manage.py LICENSE ./
COPY leadhub leadhub
COPY capture capture
COPY identity identity
COPY routing routing
COPY crm_sync crm_sync
# The keys that the embedded default makes on the way must not stay in the image: everybody would share them.
RUN python -m compileall -q leadhub capture identity routing crm_sync \
 && python manage.py collectstatic --noinput --verbosity 0 \
 && rm -f /app/home/keys.json
USER leadhub
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["granian", "--interface", "wsgi", "leadhub.wsgi:application", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "1"]
