# The build stage has pip and hatchling; the final image gets the finished environment and nothing else.
FROM python:3.13-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements/run.lock requirements/build.lock requirements/
RUN python -m venv --without-pip /opt/todo-api \
 && pip --python /opt/todo-api install --require-hashes --only-binary :all: --requirement requirements/run.lock \
 && pip install --require-hashes --only-binary :all: --requirement requirements/build.lock
COPY pyproject.toml README.md LICENSE ./
COPY alembic alembic
COPY src src
RUN pip wheel --no-deps --no-build-isolation --no-index --wheel-dir dist . \
 && pip --python /opt/todo-api install --no-deps --no-index dist/*.whl

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="todo-api" \
      org.opencontainers.image.description="The to-do backend you can retry: lists and todos over HTTP, on SQLite or PostgreSQL." \
      org.opencontainers.image.licenses="MIT"
# A numeric uid lets an orchestrator verify that this is not root. pip has no work left here.
RUN pip uninstall --yes --root-user-action=ignore pip \
 && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin todo \
 && install --directory --owner=10001 --group=todo --mode=0700 /data
COPY --from=build /opt/todo-api /opt/todo-api
# pip compiled the bytecode above, so a read-only root loses nothing.
ENV PATH=/opt/todo-api/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TODO_API_DATABASE_URL=sqlite:////data/todo.db
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --start-interval=1s CMD ["python", "-c", "\
import http.client, os, sys; \
server = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('TODO_API_PORT', '8000')), timeout=2); \
server.request('GET', '/livez'); \
sys.exit(server.getresponse().status != 200)"]
# Exec form: SIGTERM must reach the server, which then finishes what it has begun.
ENTRYPOINT ["todo-api"]
CMD ["serve", "--host", "0.0.0.0"]
