import WeirMetrics
import WeirStore

extension LedgerKeeper {
  /// Shows the ledger's counts at every scrape.
  func register(in registry: MetricsRegistry) {
    registry.observed("weir_ledger_rows_total", help: "Requests written to the ledger.", kind: .counter) {
      [unowned self] in [(labels: [], value: Double(stats?.rowsWritten ?? 0))]
    }
    registry.observed(
      "weir_ledger_write_failures_total", help: "Tries to write to the ledger that failed; their rows are tried again.",
      kind: .counter
    ) { [unowned self] in [(labels: [], value: Double(stats?.writeFailures ?? 0))] }
    registry.observed(
      "weir_ledger_rows_dropped_total", help: "Requests that the ledger lacks: queue full, or file unusable.",
      kind: .counter
    ) { [unowned self] in [(labels: [], value: Double(rowsDropped))] }
    if maximumBodyBytes != nil {
      registry.observed(
        "weir_ledger_bodies_dropped_total", help: "Requests whose prompt and reply the ledger lacks: too many waited.",
        kind: .counter
      ) { [unowned self] in [(labels: [], value: Double(stats?.bodiesDropped ?? 0))] }
    }
    registry.observed("weir_ledger_queue_rows", help: "Requests that wait to be written to the ledger.", kind: .gauge) {
      [unowned self] in [(labels: [], value: Double(stats?.queueDepth ?? 0))]
    }
    registry.observed(
      "weir_ledger_degraded",
      help: "1 while requests do not reach the ledger that weir is to keep, or old ones do not leave it.", kind: .gauge
    ) { [unowned self] in [(labels: [], value: problem == nil ? 0 : 1)] }
  }
}
