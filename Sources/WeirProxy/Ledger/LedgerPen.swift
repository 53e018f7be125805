import WeirStore

/// What an event loop writes rows with: the ledger once it is open, which it then stays, and room for a row. Lives on that
/// loop.
struct LedgerPen {
  var ledger: Ledger?
  let packer = RowPacker()
}
