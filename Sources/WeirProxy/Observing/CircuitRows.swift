import WeirPolicy

/// The series of `weir_circuit_state`.
enum CircuitRows {
  /// One for each upstream and label, in the order of the readings. Of the models that share a label, as all do that are
  /// `other`, the worst stands for them, so that none that is open hides behind one that is not.
  static func worst(
    of readings: [CircuitReading], label: (String) -> String
  ) -> [(labels: [String], value: Double)] {
    var rows: [(labels: [String], value: Double)] = []
    var places: [[String]: Int] = [:]
    for reading in readings {
      let labels = [reading.key.upstream, label(reading.key.model.isEmpty ? "none" : reading.key.model)]
      let value = Double(reading.state.rawValue)
      if let place = places[labels] {
        rows[place].value = max(rows[place].value, value)
      } else {
        places[labels] = rows.count
        rows.append((labels: labels, value: value))
      }
    }
    return rows
  }
}
