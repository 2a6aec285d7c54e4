# One image for every role: api, worker, scheduler, orderctl. The command chooses.
#
#   docker build --tag orderflow .
#   docker build --tag orderflow --build-arg PROFILE=dev .    compiles faster, runs slower
#   docker build --tag orderflow --build-arg CARGO_CONFIG="$(cat ~/.cargo/config.toml)" .    a mirror of yours
#
# Needs nothing of BuildKit: Docker's classic builder makes it too.

# What decides about the dependencies, and nothing else: manifests, with empty sources for each crate.
FROM rust:1.95-bookworm AS manifests
WORKDIR /build
COPY . .
RUN rm --recursive migrations .sqlx && \
    find crates -type f ! -name Cargo.toml ! -path '*/src/lib.rs' ! -path '*/src/main.rs' -delete && \
    find crates -type d -empty -delete && \
    echo 'fn main() {}' >/tmp/empty.rs && \
    find crates -name '*.rs' -exec cp /tmp/empty.rs {} \;

FROM rust:1.95-bookworm AS build
# release, or dev
ARG PROFILE=release
# The text of a cargo configuration; it stays in this stage.
ARG CARGO_CONFIG=""
WORKDIR /build
RUN [ -z "$CARGO_CONFIG" ] || printf '%s\n' "$CARGO_CONFIG" >"$CARGO_HOME/config.toml"
# The layer of the dependencies: kept until a manifest or Cargo.lock changes.
COPY --from=manifests /build .
RUN cargo build --locked --workspace --bins --profile "$PROFILE"
COPY . .
# Touched, or cargo would take what it made of the empty sources, which is newer, for theirs. What was compiled goes
# again, so that a build leaves little behind; the layer above keeps the dependencies.
RUN find crates -name '*.rs' -exec touch {} + && \
    cargo build --locked --workspace --bins --profile "$PROFILE" && \
    cd "target/$([ "$PROFILE" = dev ] && echo debug || echo "$PROFILE")" && \
    install -D --target-directory=/build/bin api worker scheduler orderctl && \
    rm --recursive /build/target
# Four fifths of their size; a backtrace keeps its names and loses its lines.
RUN strip --strip-debug /build/bin/*

FROM debian:bookworm-slim
# A number that no user of the host has, told as one: Kubernetes cannot see that a name is not root.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin orderflow
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /build/bin/ /usr/local/bin/
USER 10001:10001
# Loopback is of no use to the neighbours of a container.
ENV API_HOST=0.0.0.0 METRICS_HOST=0.0.0.0
# api; metrics of the worker; metrics of the scheduler
EXPOSE 8000 9101 9102
CMD ["api"]
