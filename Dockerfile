# The wheels that development uses, checked against the same hashes, in a virtual environment that is copied as a whole.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
RUN ["python", "-m", "venv", "/opt/register"]
COPY requirements.lock ./
RUN ["/opt/register/bin/pip", "install", "--require-hashes", "--requirement", "requirements.lock"]
COPY pyproject.toml README.md LICENSE ./
COPY app ./app
COPY migrations ./migrations
RUN ["/opt/register/bin/pip", "install", "--no-deps", "--no-build-isolation", "."]

FROM python:3.13-slim
RUN ["useradd", "--uid", "10001", "--user-group", "--create-home", "--home-dir", "/var/lib/register", "--shell", "/usr/sbin/nologin", "register"]
COPY --from=build /opt/register /opt/register
ENV PATH="/opt/register/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    REGISTER_HOST=0.0.0.0 \
    REGISTER_MANAGEMENT_HOST=0.0.0.0 \
    REGISTER_MANAGEMENT_PORT=9000
# Numbers, so that an orchestrator can see without looking into the image that this is not root.
USER 10001:10001
# With SQLite the record is in this folder: mount a volume on it.
WORKDIR /var/lib/register
EXPOSE 8000 9000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as request; request.urlopen('http://127.0.0.1:' + os.environ.get('REGISTER_MANAGEMENT_PORT', '9000') + '/healthz', timeout=4)"]
ENTRYPOINT ["register"]
CMD ["serve"]
