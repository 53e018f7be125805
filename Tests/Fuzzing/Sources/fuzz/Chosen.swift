import FuzzTargets

/// What this process fuzzes. Written once before the first input; libFuzzer's callback can capture nothing.
nonisolated(unsafe) var chosen = FuzzTarget.envelope
