# Windlass with what it needs on a controller: git, and ssh for ssh_config. Built from this checkout and nothing else:
#   docker build -t windlass .
#   docker run --rm -it -v "$PWD:/project" -v "$HOME/.ssh:/home/windlass/.ssh:ro" \
#     -v windlass-state:/home/windlass/.local/state/windlass windlass deploy production
# The state holds the journal: without it a deploy that was interrupted cannot be resumed.
FROM rust:1.90-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --release --locked --package windlass

FROM debian:bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates git openssh-client \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --create-home --uid 1000 windlass \
  && install -d -o windlass -g windlass -m 0700 \
    /home/windlass/.local /home/windlass/.local/state /home/windlass/.local/state/windlass \
  && install -d -o windlass -g windlass /project \
  && git config --system --add safe.directory /project
COPY --from=build /source/target/release/windlass /usr/local/bin/windlass
USER windlass
WORKDIR /project
ENTRYPOINT ["windlass"]
CMD ["--help"]
