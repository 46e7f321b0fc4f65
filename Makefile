# The commands of daily work. The gate, with everything, is .ci/run.

TOOL := go tool -modfile=$(CURDIR)/tools/go.mod
FUZZTIME ?= 10s
BENCH ?= .
WITHIN ?= 10m

.PHONY: test test-all lint fmt bench profile microbench fuzz

test:
	go test -race ./...

# Every module of the repository; those with a database get a PostgreSQL.
test-all:
	set -e; for module in $$(.ci/modules); do (cd $$module && $(CURDIR)/.ci/with-postgres go test ./...); done

lint:
	go vet ./...
	$(TOOL) golangci-lint run ./...

fmt:
	$(TOOL) gofumpt -w .

# Both pages, in WITHIN and a minute for streams; it needs a machine without other work.
bench:
	cd benchmarks && go run ./cmd/table -within $(WITHIN) && go run ./cmd/streams -rounds 3

# Where the time of a whole service goes, for the page of bench.
profile:
	cd examples/production && PROFILE_TIME=20s PROFILE_OUT=$(CURDIR)/benchmarks/cmd/table/service.md \
		$(CURDIR)/.ci/with-postgres go test -count=1 -run '^TestProfile$$' .

microbench:
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

fuzz:
	.ci/fuzz $(FUZZTIME)
