# One image for ingest, api, simulators and the admin commands; compose.yaml says which one runs.

FROM node:22.20.0-bookworm-slim AS browser-libraries
WORKDIR /app/maps/web
COPY maps/web/package.json maps/web/package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:3.11.14-slim-bookworm AS python-libraries
COPY requirements.lock ./
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.lock

FROM python:3.11.14-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin soramichi
WORKDIR /app
COPY --from=python-libraries /opt/venv /opt/venv
COPY --from=browser-libraries /app/maps/web/node_modules maps/web/node_modules
COPY soramichi soramichi
COPY ingest ingest
COPY watch watch
COPY routes_planner routes_planner
COPY api api
COPY maps maps
COPY simulators simulators
# The file system is read-only when it runs: without this, and on a processor of another kind than
# this one, the first question waits for a compiler.
RUN python -m routes_planner.compiled
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["python", "-m", "api"]
