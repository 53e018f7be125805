import WeirWire

/// What comes out of compressed bytes that come in these parts.
func inflate(
  _ parts: [ArraySlice<UInt8>], _ encoding: Inflater.Encoding, limit: Int = 1 << 24
) -> Result<[UInt8], InflateError> {
  guard let inflater = Inflater(encoding: encoding, limit: limit) else { return .failure(.corrupt) }
  var output: [UInt8] = []
  for part in parts {
    let result: Result<Void, InflateError> = unsafe part.withUnsafeBytes { bytes in
      do throws(InflateError) {
        return .success(unsafe try inflater.inflate(bytes) { unsafe output.append(contentsOf: $0) })
      } catch { return .failure(error) }
    }
    if case .failure(let error) = result { return .failure(error) }
  }
  do throws(InflateError) { try inflater.finish() } catch { return .failure(error) }
  return .success(output)
}
