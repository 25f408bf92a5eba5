# PostgreSQL 18 with Patroni 4 of this repository's lock file, for Docker Compose.
# Build from the repository's root:  docker build -f deploy/image/database.Dockerfile -t wenyue-database:0.1.0 .
FROM postgres:18.6-trixie AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
ENV UV_PROJECT_ENVIRONMENT=/opt/patroni UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1
WORKDIR /build
COPY pyproject.toml uv.lock ./
RUN /opt/uv/bin/uv sync --frozen --only-group lab --no-install-project --python /usr/bin/python3

FROM postgres:18.6-trixie
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -m 0700 -o postgres -g postgres /srv/postgres \
 && install -d -m 0755 /etc/patroni
COPY --from=build /opt/patroni /opt/patroni
COPY lab/src/wenyue_lab/cluster/renewing.py /opt/patroni/renewing.py
COPY deploy/patroni/patroni.yml /etc/patroni/patroni.yml
COPY --chmod=0755 deploy/patroni/make-database /usr/local/bin/make-database
ENV PATH=/opt/patroni/bin:/usr/lib/postgresql/18/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 LANG=C.UTF-8 TZ=UTC
USER postgres
WORKDIR /srv/postgres
VOLUME /srv/postgres
EXPOSE 5432 8008
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["/opt/patroni/bin/python", "-I", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8008/health', timeout=4)"]
# A folder: patroni.yml from the image, secrets.yml from a secret.
ENTRYPOINT ["/opt/patroni/bin/python", "-s", "/opt/patroni/renewing.py", "/etc/patroni"]
CMD []
