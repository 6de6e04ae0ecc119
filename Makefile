# What people and .ci/run call. Everything that is needed is installed into .venv and target/.
.PHONY: test soak generate check bench fuzz verify-aws clean

PYTHON ?= python3
VENV := .venv
INSTALLED := $(VENV)/.installed

# All tests; many of them wait, so more of them run at once than there are cores. The Python packages (moto, boto3, awscli: independent clients and an independent AWS) are
# pinned in tests/requirements.txt.
test: $(INSTALLED)
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-4} cargo test --workspace

# The same faults for longer: 200 runs killed, 5,000 instances with everything going wrong at once. An hour or so.
soak: $(INSTALLED)
	IMDSURE_LONG=1 cargo test --profile fast --package imdsure-cli --test it -- enforce

$(INSTALLED): tests/requirements.txt
	$(PYTHON) -m venv $(VENV) || { apt-get install -y python3-venv && $(PYTHON) -m venv $(VENV); }
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

# Writes what is generated and committed: the help text. Snapshots are reviewed with `cargo insta`.
generate: $(INSTALLED)
	UPDATE_GENERATED=1 cargo test --package imdsure-cli --test it generated

# Formatting and lints, as the gate runs them.
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

# Side by side with a bare client and with boto3, release build; writes the table in benches/README.md.
bench: $(INSTALLED)
	$(VENV)/bin/python benches/run.py
	$(VENV)/bin/python benches/change.py

# The parsers under random input for some minutes (FUZZ_CASES of each property).
FUZZ_CASES ?= 2000000
fuzz:
	PROPTEST_CASES=$(FUZZ_CASES) cargo test --profile fast --package imdsure-aws --package imdsure-policy --package imdsure-iac --package imdsure-fix fuzz

# What imdsure believes of AWS, checked in a sandbox account (IMDSURE_VERIFY_ACCOUNT). It asks before it begins.
verify-aws: $(INSTALLED)
	$(VENV)/bin/python tests/verify_aws.py

clean:
	rm -rf $(VENV) target
