# SPDX-License-Identifier: MPL-2.0
# onnx-iqa: the commands of a checkout. `make` lists them.
# Everything is done by cargo and by the scripts in scripts/, each of which can be run by itself.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# make setup ORT=gpu, gpu-cuda13 or openvino: another ONNX Runtime, kept from then on
ORT ?=

# make install PREFIX=/usr DESTDIR=/tmp/package PLUGINDIR=/usr/lib/x86_64-linux-gnu/gstreamer-1.0
PREFIX ?= /usr/local
DESTDIR ?=
PLUGINDIR ?= $(PREFIX)/lib/gstreamer-1.0

.PHONY: help demo demo-watch demo-farm test test-slow loom miri tsan fuzz soak soak-watch test-versions test-runtimes \
	test-pyiqa msrv test-training env setup build install uninstall deb container sbom audit bench lint plugin-cache doc clean

help: ## this list
	@sed -n 's/[$$][$$]/$$/g; s/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

demo: build ## score a clip (or CLIP=yours.mp4) and a hard re-encode of it, and compare three renditions with it
	@scripts/demo.sh $(if $(CLIP),'$(CLIP)')

demo-watch: build ## watch three simulated cameras: a good one, a poor one, and one that goes away and comes back
	@scripts/demo-watch.sh

demo-farm: build ## compare a ladder with three workers on a NATS server, one of which is killed
	@scripts/demo-farm.sh $(if $(CLIP),'$(CLIP)')

test: ## install what is missing, build, run all tests
	@scripts/test.sh

test-slow: build ## faults of cameras and farms that take minutes; packages in systems of their own (needs root)
	@scripts/test-slow.sh

loom: ## the hand-written synchronization in every order of its threads (loom/README.md)
	@scripts/loom.sh

miri: ## unit tests of what the engine's threads share, under Miri (needs nightly with miri and rust-src)
	@scripts/miri.sh

tsan: setup ## the engine's threads under ThreadSanitizer (needs nightly with rust-src; half an hour)
	@scripts/tsan.sh

fuzz: setup ## each reader of outside input for 20 s, with libFuzzer (needs nightly; FUZZ="TARGET --seconds N" for others)
	@scripts/fuzz.sh $(FUZZ)

soak: build ## a million frames through each element: memory, threads, descriptors, time stamps (hours; SOAK=--frames=N for fewer)
	@eval "$$(scripts/env.sh)" && scripts/soak.py $(SOAK)

soak-watch: build ## two hours of `iqa watch` with eight cameras that come and go (SOAK=--minutes=N for fewer)
	@eval "$$(scripts/env.sh)" && scripts/soak-watch.py $(SOAK)

test-versions: build ## test the plugin as built here under GStreamer 1.26 and 1.28, fetched from Debian (1.8 GB on disk)
	@scripts/versions.sh

test-runtimes: setup ## the tests that open a model with ONNX Runtime 1.17, 1.20 and 1.32
	@scripts/test-runtimes.sh

test-pyiqa: build ## each network that examples/pyiqa exports against PyPI's pyiqa (5 GB on disk; an hour or more)
	@scripts/test-pyiqa.sh

msrv: ## compile everything with the oldest compiler that is supported (rust-version in Cargo.toml)
	@scripts/msrv.sh

test-training: ## ruff and the tests of models/training, with PyTorch from PyPI (7 GB on disk)
	@scripts/test-training.sh

env: ## what sets a shell up:  eval "$$(make -s env)"
	@scripts/env.sh

setup: ## install what is missing: packages, ONNX Runtime (ORT=cpu, gpu, gpu-cuda13 or openvino), clips
	@scripts/system-packages.sh
	@scripts/onnxruntime.sh $(ORT) >/dev/null
	@scripts/clips.sh
	@if [ -f target/onnxiqa/libgstonnxiqa.so ]; then scripts/stage.sh; fi

build: setup ## build the plugin into target/onnxiqa, and the command target/release/iqa
	@echo '==> building the plugin and the command' >&2
	cargo build --release --locked -p gst-plugin-onnxiqa -p iqa-cli
	@scripts/stage.sh

install: ## install what `make build` made: plugin, command, models, runtime (PREFIX, DESTDIR, PLUGINDIR)
	@scripts/install.sh '$(DESTDIR)' '$(PREFIX)' '$(PLUGINDIR)'

uninstall: ## remove what `make install` installed
	@scripts/install.sh --remove '$(DESTDIR)' '$(PREFIX)' '$(PLUGINDIR)'

deb: build ## Debian packages in target/deb: gstreamer1.0-onnxiqa, onnx-iqa-tools, onnx-iqa-models
	@scripts/deb.sh

container: deb ## container image onnx-iqa:VERSION of these packages, with podman, buildah or docker
	@scripts/container.sh

sbom: ## software bills of materials (CycloneDX) of the command and the plugin in target/sbom
	@scripts/sbom.sh

audit: ## known vulnerabilities of dependencies (RustSec's database, which comes from github.com)
	@scripts/deny.sh check advisories

bench: build ## measure the figures of docs/speed.md
	@scripts/bench.sh

lint: ## formatting, clippy, documentation, licences, shell scripts
	@scripts/lint.sh

plugin-cache: build ## write docs/plugins/gst_plugins_cache.json, which describes the elements, from the plugin
	@scripts/plugin-cache.sh

doc: ## the documentation, in target/doc
	cargo doc --no-deps --workspace --locked

clean: ## remove what was built; what was downloaded stays in .cache
	cargo clean
