# One image for every component of Airflow and for the command line; non-root, from the lock file.
FROM python:3.12-slim AS environment
COPY requirements-server.lock /tmp/
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --no-compile --only-binary :all: --require-hashes \
    -r /tmp/requirements-server.lock

FROM python:3.12-slim
# user 50000 in group 0 is what the official chart runs as
RUN useradd --uid 50000 --gid 0 --create-home airflow \
 && install -d -o airflow -g 0 -m 0775 /data /data/lineage /opt/airflow \
 && printf '#!/bin/sh\nexec python -c "from pipeline.cli import main; main()" "$@"\n' \
    > /usr/local/bin/sector-risk \
 && chmod 0755 /usr/local/bin/sector-risk
COPY --from=environment /opt/venv /opt/venv
WORKDIR /opt/sector-risk
COPY pyproject.toml LICENSE ./
COPY expectations expectations
COPY warehouse warehouse
COPY pipeline pipeline
COPY dags dags
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/sector-risk \
    PYTHONDONTWRITEBYTECODE=1 \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/sector-risk/dags \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__OPENLINEAGE__TRANSPORT='{"type": "file", "log_file_path": "/data/lineage/event", "append": false}' \
    AIRFLOW__OPENLINEAGE__NAMESPACE=sector-risk \
    AIRFLOW__OPENLINEAGE__DISABLE_SOURCE_CODE=True \
    SECTOR_RISK_HOME=/data
USER 50000
CMD ["sector-risk", "--help"]
