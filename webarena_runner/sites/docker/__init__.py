"""The published images as containers: up, told their addresses, waited for, reset, and down."""
