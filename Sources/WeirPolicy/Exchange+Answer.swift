extension Exchange {
  /// weir answers with a document of its own, or one of the upstream's that it kept or added to. The status is then
  /// the client's, whatever the upstream said, if it said anything.
  public mutating func answered(status: Int) { self.status = status }
}
