# syntax=docker/dockerfile:1
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/newswire/bin:$PATH
RUN python -m venv /opt/newswire
WORKDIR /build
# What is locked changes less often than the code: a layer of its own.
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY config config
COPY pipeline pipeline
COPY connectors connectors
COPY newswire newswire
RUN pip install --no-deps --no-build-isolation .

FROM python:3.11.14-slim-bookworm
# Nothing is written but to the state folder and /tmp, so the root file system can be read-only.
ENV PATH=/opt/newswire/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    NEWSWIRE_DATA_DIR=/var/lib/newswire
RUN groupadd --gid 10001 newswire \
    && useradd --uid 10001 --gid newswire --no-create-home --home-dir /var/lib/newswire newswire \
    && install --directory --owner newswire --group newswire /var/lib/newswire /srv/newswire
COPY --from=build /opt/newswire /opt/newswire
USER 10001:10001
WORKDIR /srv/newswire
VOLUME /var/lib/newswire
CMD ["newswire", "--help"]
