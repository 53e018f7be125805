extension Settings {
  static let meteringDrain = Setting(
    "WEIR_METERING_DRAIN_SECONDS", yaml: "metering.drain_seconds", .secondsOrZero, default: .zero,
    "How long a stream that its client left is read on, to learn what it used; 0 cancels it, which stops the bill")

  static let metering = [meteringDrain.entry]
}
