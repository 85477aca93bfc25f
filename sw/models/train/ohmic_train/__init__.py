"""Training of the networks of sw/models/trained: runs on Debian's python3-torch, apart from the project's .venv."""
