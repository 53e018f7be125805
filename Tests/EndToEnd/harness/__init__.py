"""What the end-to-end tests stand on: processes, raw HTTP, scripted upstreams, metrics."""
