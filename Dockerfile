# One image for every role: api, worker, scheduler, orderctl. The command selects the role.
#
#   docker build --tag orderflow .
#   docker build --tag orderflow --build-arg PROFILE=dev .    compiles faster, runs slower
#   docker build --tag orderflow --build-arg CARGO_CONFIG="$(cat ~/.cargo/config.toml)" .    a registry mirror
#
# Needs no BuildKit: Docker's classic builder works too.

# Only what determines the dependencies: manifests, with empty sources for each crate.
FROM rust:1.95-bookworm AS manifests
WORKDIR /build
COPY . .
RUN rm --recursive migrations .sqlx && \
    find crates -type f ! -name Cargo.toml ! -path '*/src/lib.rs' ! -path '*/src/main.rs' -delete && \
    find crates -type d -empty -delete && \
    echo 'fn main() {}' >/tmp/empty.rs && \
    find crates -name '*.rs' -exec cp /tmp/empty.rs {} \;

FROM rust:1.95-bookworm AS build
# release | dev
ARG PROFILE=release
# The text of a cargo configuration; it does not reach the final image.
ARG CARGO_CONFIG=""
WORKDIR /build
RUN [ -z "$CARGO_CONFIG" ] || printf '%s\n' "$CARGO_CONFIG" >"$CARGO_HOME/config.toml"
# The layer with the dependencies: reused until a manifest or Cargo.lock changes.
COPY --from=manifests /build .
RUN cargo build --locked --workspace --bins --profile "$PROFILE"
COPY . .
# The sources are touched because cargo compares times: the artifacts of the empty sources are newer than the real
# files. The target directory is removed to keep this layer small; the layer above keeps the compiled dependencies.
RUN find crates -name '*.rs' -exec touch {} + && \
    cargo build --locked --workspace --bins --profile "$PROFILE" && \
    cd "target/$([ "$PROFILE" = dev ] && echo debug || echo "$PROFILE")" && \
    install -D --target-directory=/build/bin api worker scheduler orderctl && \
    rm --recursive /build/target
# Saves four fifths of the size; backtraces keep function names and lose line numbers.
RUN strip --strip-debug /build/bin/*

FROM debian:bookworm-slim
# A uid that no user of the host has. Given as a number, since Kubernetes can't verify that a user name is not root.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin orderflow
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /build/bin/ /usr/local/bin/
USER 10001:10001
# Other containers can't reach loopback.
ENV API_HOST=0.0.0.0 METRICS_HOST=0.0.0.0
# The api; metrics of the worker; metrics of the scheduler.
EXPOSE 8000 9101 9102
CMD ["api"]
