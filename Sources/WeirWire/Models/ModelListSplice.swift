import CWeirSimdjson

/// Where entries can be put into a model list (`{"data":[{"id":…},…]}`, the reply of `GET /models` at OpenAI, OpenRouter
/// and those that follow them) without touching a byte of it.
public struct ModelListSplice: Sendable, Equatable {
  /// The ids of the list's entries, in order; entries without one are left out.
  public let ids: [String]
  /// The byte offset at which further entries go: behind the last one.
  public let offset: Int
  /// True when an entry stands in front of `offset`, so that a comma must come first.
  public let followsEntry: Bool

  /// Ids above this many bytes are no names of models.
  private static let longestID = 512

  /// Nil when the bytes are not a JSON object whose member `data` is an array.
  ///
  /// - Parameters:
  ///   - bytes: the whole reply, without content coding.
  ///   - json: the event loop's reader.
  public static func read(_ bytes: UnsafeRawBufferPointer, json: JSONReader) -> ModelListSplice? {
    var splice: ModelListSplice?
    let isJSON = unsafe json.read(bytes) { root in
      guard let list = root["data"], list.kind == weir_json_kind_array, let start = list.start else { return }
      var ids: [String] = []
      var end: Int?
      for entry in list.elements {
        if let id = entry["id"]?.string(maximumBytes: longestID) { ids.append(id) }
        end = entry.end
      }
      splice = ModelListSplice(ids: ids, offset: end ?? start + 1, followsEntry: end != nil)
    }
    return isJSON ? splice : nil
  }

  /// What goes to `offset`: the entries, each a JSON object, with the commas that they need.
  public func insertion(_ entries: [String]) -> String {
    guard !entries.isEmpty else { return "" }
    return (followsEntry ? "," : "") + entries.joined(separator: ",")
  }
}

extension JSONValue {
  fileprivate var start: Int? { range?.lowerBound }
  fileprivate var end: Int? { range?.upperBound }
}
