# The bot's image: `docker build -t octopod:0.1.0 .` It holds neither settings nor secrets, runs as nobody in particular,
# and writes to /data and /tmp only.
# A tag, which gets security fixes but may mean another image tomorrow; docs/install.md tells how to pin it to a digest.
ARG PYTHON=python:3.11-slim-bookworm
ARG GO=golang:1.26-bookworm
FROM ${PYTHON} AS build
ENV UV_PROJECT_ENVIRONMENT=/opt/octopod UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
COPY scripts/uv.txt /tmp/uv.txt
RUN pip install --no-cache-dir --require-hashes --requirement /tmp/uv.txt
WORKDIR /src
# By uv.lock, which has the hash of every file; what builds the wheel, too.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-install-project --no-default-groups
RUN uv export --frozen --only-group build --no-header --output-file /tmp/build.txt
COPY README.md LICENSE ./
COPY bot bot
COPY handlers handlers
COPY manifests manifests
RUN uv build --wheel --build-constraints /tmp/build.txt --require-hashes --out-dir /tmp/wheel
RUN uv pip install --python /opt/octopod/bin/python --no-deps /tmp/wheel/*.whl
# For trying out, not for production.
RUN rm -rf /opt/octopod/lib/python3.11/site-packages/bot/playground

# For projects whose source is a chart: built from Go's modules, each pinned by its hash in go.sum.
FROM ${GO} AS helm
WORKDIR /src
COPY scripts/kube/helm-binary scripts/kube/
COPY scripts/kube/helm scripts/kube/helm
RUN install "$(sh scripts/kube/helm-binary)" /tmp/helm

FROM ${PYTHON}
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin octopod \
    && install --directory --owner=octopod --group=octopod --mode=700 /data
COPY --from=build /opt/octopod /opt/octopod
COPY --from=helm /tmp/helm /usr/local/bin/helm
# Slack's SDK wants a HOME, whoever the user is.
ENV PATH=/opt/octopod/bin:$PATH HOME=/data PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    OCTOPOD_CONFIG=/etc/octopod/octopod.yaml OCTOPOD_DATA=/data OCTOPOD_HTTP_HOST=0.0.0.0
# By number, so that Kubernetes sees that it is not root.
USER 10001:10001
EXPOSE 3000
ENTRYPOINT ["octopod"]
CMD ["serve"]
