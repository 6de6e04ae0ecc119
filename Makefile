# What people and .ci/run call. Everything that is needed is installed into .venv and target/.
.PHONY: test soak generate check bench compare fuzz verify-aws clean

PYTHON ?= python3
VENV := .venv
INSTALLED := $(VENV)/.installed
# checkov has dependencies that moto does not go with, so it lives apart.
BENCH_VENV := .venv-bench
BENCH_INSTALLED := $(BENCH_VENV)/.installed

# All tests; many of them wait, so more of them run at once than there are cores. The Python packages (moto, boto3, awscli,
# cfn-lint: independent clients and an independent AWS) are pinned in tests/requirements.txt.
test: $(INSTALLED)
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-4} cargo test --workspace

# The same faults for longer: 200 runs killed, 5,000 instances with everything going wrong at once. Half an hour or so, most of
# it waiting: more tests at once than there are cores.
soak: $(INSTALLED)
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-8} IMDSURE_LONG=1 cargo test --profile fast --package imdsure-cli --test it -- enforce

$(INSTALLED): tests/requirements.txt
$(BENCH_INSTALLED): benches/requirements.txt
$(INSTALLED) $(BENCH_INSTALLED):
	$(PYTHON) -m venv $(@D) || { apt-get install -y python3-venv && $(PYTHON) -m venv $(@D); }
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

# Writes what is generated and committed: the help text. Snapshots are reviewed with `cargo insta`.
generate: $(INSTALLED)
	UPDATE_GENERATED=1 cargo test --package imdsure-cli --test it generated

# Formatting and lints, as the gate runs them.
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

# Side by side with a bare client, with boto3 and with checkov, release build; writes the tables in benches/README.md.
bench: $(INSTALLED) $(BENCH_INSTALLED)
	$(VENV)/bin/python benches/run.py
	$(VENV)/bin/python benches/change.py
	$(VENV)/bin/python benches/scan.py

# What checkov and `imdsure scan` say of the same fixtures has to be what docs/scan-and-checkov.md says.
compare: $(BENCH_INSTALLED)
	cargo build --package imdsure-cli
	$(BENCH_VENV)/bin/python tests/compare_checkov.py --check

# The parsers under random input for some minutes (FUZZ_CASES of each property).
FUZZ_CASES ?= 2000000
fuzz:
	PROPTEST_CASES=$(FUZZ_CASES) cargo test --profile fast --package imdsure-aws --package imdsure-policy --package imdsure-iac --package imdsure-fix fuzz

# What imdsure believes of AWS, checked in a sandbox account (IMDSURE_VERIFY_ACCOUNT). It asks before it begins.
verify-aws: $(INSTALLED)
	$(VENV)/bin/python tests/verify_aws.py

clean:
	rm -rf $(VENV) $(BENCH_VENV) target
