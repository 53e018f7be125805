import Crypto

/// `POST /embeddings`: vectors made of digests, so that equal texts have equal vectors.
enum Embeddings {
  static let defaultDimensions = 8
  private static let mostDimensions = 4096
  private static let mostInputs = 2048

  /// What a request asks for.
  struct Input: Sendable {
    var model: String
    var texts: [String]
    var dimensions: Int
    var isBase64: Bool

    init(_ request: JSON) throws(Failure) {
      model = try Prompt.model(of: request)
      switch request["input"] {
      case .string(let text): texts = [text]
      case .array(let elements) where !elements.isEmpty: texts = Input.texts(of: elements)
      default: throw .badRequest("Input required: specify \"input\"")
      }
      guard texts.count <= mostInputs else { throw .badRequest("at most \(mostInputs) inputs") }
      dimensions = request["dimensions"]?.int ?? defaultDimensions
      guard (1...mostDimensions).contains(dimensions) else {
        throw .badRequest("dimensions must be from 1 to \(mostDimensions)")
      }
      isBase64 = request["encoding_format"]?.string == "base64"
    }

    /// Strings, token lists, one token list, or objects with text content.
    private static func texts(of elements: [JSON]) -> [String] {
      if elements.allSatisfy({ $0.int != nil }) {
        return [String(decoding: JSON.array(elements).encoded(), as: UTF8.self)]
      }
      return elements.map { element in
        if let text = element.string { return text }
        if element["content"] != nil { return text(ofContent: element["content"]) }
        return String(decoding: element.encoded(), as: UTF8.self)
      }
    }
  }

  static func reply(to input: Input, id: String, usage: Usage, provider: String) -> Reply {
    let data = input.texts.enumerated().map { index, text -> JSON in
      let vector = vector(of: text, dimensions: input.dimensions)
      let embedding: JSON =
        input.isBase64
        ? .string(base64(littleEndian(vector))) : .array(vector.map { JSON($0) })
      return ["object": "embedding", "index": JSON(index), "embedding": embedding]
    }
    var reply = Reply([
      "id": .string(id), "object": "list", "data": .array(data), "model": .string(input.model),
      "provider": .string(provider), "usage": usage.embeddings,
    ])
    reply.headers.append(HeaderField("x-generation-id", id))
    return reply
  }

  /// Eight numbers from -1 to 1 of SHA-256 over the text, eight more of SHA-256 over the text and `#1`, and so on.
  static func vector(of text: String, dimensions: Int) -> [Float] {
    var vector: [Float] = []
    vector.reserveCapacity(dimensions + 8)
    var block = 0
    while vector.count < dimensions {
      let digest = Array(SHA256.hash(data: Array((block == 0 ? text : "\(text)#\(block)").utf8)))
      for start in stride(from: 0, to: digest.count, by: 4) {
        let word = digest[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        vector.append(Float(word) / 2_147_483_648 - 1)
      }
      block += 1
    }
    return Array(vector.prefix(dimensions))
  }

  private static func littleEndian(_ vector: [Float]) -> [UInt8] {
    vector.flatMap { value in
      let bits = value.bitPattern
      return [UInt8(bits & 0xFF), UInt8(bits >> 8 & 0xFF), UInt8(bits >> 16 & 0xFF), UInt8(bits >> 24)]
    }
  }
}
