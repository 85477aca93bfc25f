"""Builds the quantised example networks and executes them in plain integers."""
