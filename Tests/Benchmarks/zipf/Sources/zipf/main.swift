// Hit rates of the cache's policy on made-up traces, against LRU, segmented LRU and one that knows the future.
// Run with: swift run -c release --package-path Tests/Benchmarks/zipf

/// The share of requests that were answered, after a tenth of the trace to warm up.
func hitRate(_ cache: some Simulated, _ trace: Trace, _ nextUses: [Int]) -> Double {
  var cache = cache
  var hits = 0
  let start = trace.requests.count / 10
  for (index, thing) in trace.requests.enumerated() {
    let isHit = cache.request(thing, cost: trace.costs[thing], at: index, nextUse: nextUses[index])
    if isHit, index >= start { hits += 1 }
  }
  return Double(hits) / Double(trace.requests.count - start)
}

/// For each request, the place of the next one for the same thing.
func nextUses(_ requests: [Int]) -> [Int] {
  var last: [Int: Int] = [:]
  var uses = [Int](repeating: .max, count: requests.count)
  for index in requests.indices.reversed() {
    uses[index] = last[requests[index]] ?? .max
    last[requests[index]] = index
  }
  return uses
}

func percent(_ rate: Double) -> String {
  let tenths = Int(rate * 1000 + 0.5)
  return "\(tenths / 10).\(tenths % 10)"
}

let count = 300_000
let things = 30_000
let overhead = Weir.overhead
let traces = [
  Trace(name: "Zipf 0.8, equal sizes", exponent: 0.8, things: things, count: count, overhead: overhead),
  Trace(name: "Zipf 1.0, equal sizes", exponent: 1, things: things, count: count, overhead: overhead),
  Trace(
    name: "Zipf 1.0, sizes 200 B to 1 MB", exponent: 1, things: things, count: count, spread: 1.6, overhead: overhead),
  Trace(
    name: "Zipf 1.0, half asked once only", exponent: 1, things: things, count: count, onceOnly: 0.5, spread: 1.6,
    overhead: overhead),
  Trace(
    name: "Zipf 1.0, popularity drifts", exponent: 1, things: things, count: count, drift: 100_000, spread: 1.6,
    overhead: overhead),
]
let shares = CommandLine.arguments.contains("--windows") ? [0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 1] : [0.01]

print("Requests answered, in percent; replies live 300 s, 100 requests a second; the cache holds a share of the bytes")
print("of all things that are asked for twice at least.\n")
print("| trace | share | LRU | segmented LRU |" + shares.map { " weir, window \($0) |" }.joined() + " ideal |")
print("| --- | --- | --- | --- |" + shares.map { _ in " --- |" }.joined() + " --- |")
for trace in traces {
  let uses = nextUses(trace.requests)
  let footprint = trace.footprint
  for share in [0.01, 0.05, 0.2] {
    let capacity = Int(Double(footprint) * share)
    let lru = hitRate(LRU(capacity: capacity, costs: trace.costs), trace, uses)
    let slru = hitRate(SLRU(capacity: capacity, costs: trace.costs), trace, uses)
    let weir = shares.map {
      hitRate(Weir(capacity: capacity, costs: trace.costs, windowShare: $0), trace, uses)
    }
    let ideal = hitRate(Ideal(capacity: capacity, costs: trace.costs), trace, uses)
    let row = [percent(lru), percent(slru)] + weir.map(percent) + [percent(ideal)]
    print("| \(trace.name) | \(percent(share)) % | \(row.joined(separator: " | ")) |")
  }
}
