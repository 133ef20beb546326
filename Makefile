# Verilith. `make demo` shows it, `make test` tests it, `make help` lists the rest.

SHELL   := /bin/bash
GO      ?= go
VECTORS ?= ../shared/vectors
REALDATA ?= ../shared/realdata
FUZZTIME ?= 60s
export VECTORS := $(abspath $(VECTORS))
export REALDATA := $(abspath $(REALDATA))

# The module is built with exactly one toolchain, so that its bytes can be compared.
MODULE_TOOLCHAIN := go1.26.8
MODULE_SIZE_MAX  := 2200000 # bytes, brotli-11: the bound for the module with everything in

# Calls are inlined only where most of the time goes: in the runtime, arithmetic, hashing, our reader of JSON and the
# canonicalization of RDF. Inlined everywhere, the module was 2.42 MB (brotli) and over its bound, and 5 to 8% faster.
INLINED      := runtime internal/runtime/... internal/abi internal/goarch crypto/internal/... crypto/sha256 crypto/sha512 \
                math/... github.com/consensys/... github.com/verilith/verilith/wasm/strictjson \
                github.com/verilith/verilith/wasm/internal/rdfc
MODULE_FLAGS := -gcflags=all=-l $(foreach p,$(INLINED),-gcflags=$(p)=)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: module ## build bin/verilith with the module in it
	$(GO) build -trimpath -o bin/verilith ./host/cmd/verilith

.PHONY: module
module: ## build bin/verifier.wasm and its compressed copy in host/
	@mkdir -p bin
	GOTOOLCHAIN=$(MODULE_TOOLCHAIN) GOFLAGS= GOWORK=off CGO_ENABLED=0 GOOS=wasip1 GOARCH=wasm $(GO) build -buildmode=c-shared -trimpath -buildvcs=false -ldflags='-s -w' $(MODULE_FLAGS) -o bin/verifier.wasm ./wasm
	$(GO) run -trimpath ./host/internal/pack -bound -start bin/verifier.wasm host/verifier.wasm.gz

.PHONY: js
js: module ## build the npm package
	cd js && npm ci --no-audit --no-fund --silent && npm run build --silent

.PHONY: demo
demo: build js ## verify by CID from a gateway, then again with every server dead
	@./.ci/browser chromium
	./examples/outage-drill/run.sh

.PHONY: test
test: browser build js test-go test-js ## run every test; installs what it needs

.PHONY: test-go
test-go: module
	$(GO) test -timeout 30m ./...
	cd examples/outage-drill && $(GO) test -trimpath -timeout 30m ./...

.PHONY: race
race: build ## the tests of what runs concurrently, under the race detector; what runs one after another, or derives keys from passphrases, is in test-go
	@# Compiled code is the same under the detector, and there it takes minutes to make.
	XDG_CACHE_HOME=$(CURDIR)/bin/cache bin/verilith about >/dev/null
	VERILITH_COMPILED=$(CURDIR)/bin/cache/verilith/wazero $(GO) test -race -timeout 40m -skip 'TestWalkthrough|TestFiles|TestForeignLocks|TestOpenSSL|TestTheModuleAnswersTheSameStarted' ./host/...

.PHONY: test-js
test-js: build js
	cd js && npm test --silent
	cd js/peers && npm ci --no-audit --no-fund --silent && npm test --silent

.PHONY: browser
browser: ## find Chromium, Firefox and WebKit, or install them where this is root on Debian
	@./.ci/browser

.PHONY: conformance
conformance: ## run the vectors in VECTORS (default ../shared/vectors)
	$(GO) run ./wasm/internal/conformance -vectors $(VECTORS)

.PHONY: gold
gold: ## compare the canonical form of 10,000 generated documents with json-gold's
	$(GO) test ./wasm/internal/jsonld -count=1 -run JSONGold -gold 10000 -v

.PHONY: import
import: ## import every real registry in REALDATA and show what came of it
	$(GO) run ./registry-snapshots/internal/importtable -realdata $(REALDATA)

.PHONY: daily
daily: module ## ten daily versions of a real registry, published and followed
	cd examples/outage-drill && $(GO) run -trimpath ./daily

.PHONY: million
million: module ## a million issuers looked up cold in a static mirror, in one request each
	ISSUERS=1000000 $(GO) test -count=1 -timeout 40m -v -run TestMillion ./host/publish

.PHONY: directory
directory: ## build directories of a thousand to ten million issuers, and measure
	$(GO) run ./registry-snapshots/internal/dirbench -n 1000,100000,1000000,10000000

.PHONY: bench
bench: build js ## measure, beside peers, as ratios; BENCHFLAGS=--quick for a minute's run
	cd js/peers && npm ci --no-audit --no-fund --silent && node bench.mjs $(BENCHFLAGS)

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (default 60s)
	@./.ci/fuzz $(FUZZTIME)

.PHONY: cases
cases: ## make the identity cases in wasm/testdata/cases anew
	$(GO) run ./wasm/internal/testcases -out wasm/testdata/cases

.PHONY: check
check: js ## formatting, vet, staticcheck, tsc, the module's size and sameness
	@./.ci/check

.PHONY: size
size: module ## the module's bytes, raw and compressed
	@node -e 'const z=require("zlib"),b=require("fs").readFileSync("bin/verifier.wasm"),q=z.constants,br=z.brotliCompressSync(b,{params:{[q.BROTLI_PARAM_QUALITY]:11,[q.BROTLI_PARAM_LGWIN]:24,[q.BROTLI_PARAM_SIZE_HINT]:b.length}}).length;console.log(`module: raw $${b.length}, gzip $${z.gzipSync(b,{level:9}).length}, brotli $${br} bytes`);if(br>$(MODULE_SIZE_MAX)){console.error("over the budget of $(MODULE_SIZE_MAX)");process.exit(1)}'

.PHONY: size-features
size-features: ## what each feature costs in the module; about 20 minutes
	GOTOOLCHAIN=$(MODULE_TOOLCHAIN) $(GO) run ./wasm/internal/sizes -pack "-bound -start" -- -buildmode=c-shared -trimpath -buildvcs=false -ldflags='-s -w' $(MODULE_FLAGS)

.PHONY: clean
clean: ## remove what was built
	rm -rf bin js/dist js/node_modules js/peers/node_modules
