import CWeirSimdjson

/// Takes entries out of a model list (`{"data":[{"id":…},…]}`); every other byte stays.
public enum ModelListFilter {
  /// Ids above this many bytes are no names of models.
  private static let longestID = 512

  /// The list with the entries whose ids are kept, those without an id left out; nil when the bytes are not a JSON object
  /// whose member `data` is an array.
  ///
  /// - Parameters:
  ///   - bytes: the whole reply, without content coding.
  ///   - json: the event loop's reader.
  public static func keeping(
    _ keeps: (String) -> Bool, in bytes: UnsafeRawBufferPointer, json: JSONReader
  ) -> [UInt8]? {
    var kept: [UInt8]?
    let isJSON = unsafe json.read(bytes) { root in
      guard let list = root["data"], list.kind == weir_json_kind_array, let range = list.range else { return }
      var text: [UInt8] = []
      text.reserveCapacity(bytes.count)
      unsafe text.append(contentsOf: bytes[..<(range.lowerBound + 1)])
      var end = range.lowerBound + 1
      var follows = false
      for entry in list.elements {
        guard let place = entry.range else { continue }
        end = place.upperBound
        guard let id = entry["id"]?.string(maximumBytes: longestID), keeps(id) else { continue }
        if follows { text.append(UInt8(ascii: ",")) }
        follows = true
        unsafe text.append(contentsOf: bytes[place])
      }
      unsafe text.append(contentsOf: bytes[end...])
      kept = text
    }
    return isJSON ? kept : nil
  }
}
