/// Where a user falls in a rollout: one of 10,000 buckets, each a hundredth of a percent of all users.
///
/// The algorithm is part of weir's interface, so that others can compute who is in:
///
///     bytes  = UTF-8 of the rollout's name, one byte 0x00, UTF-8 of the user
///     h      = FNV-1a over bytes, 64 bits   (offset basis 0xcbf29ce484222325, prime 0x100000001b3)
///     h      = fmix64(h)                    (h ^= h>>33; h *= 0xff51afd7ed558ccd; h ^= h>>33;
///                                            h *= 0xc4ceb9fe1a85ec53; h ^= h>>33; all modulo 2^64)
///     bucket = floor(h * 10000 / 2^64)
///
/// FNV-1a: datatracker.ietf.org/doc/draft-eastlake-fnv; fmix64: MurmurHash3's finalizer (public domain), which
/// spreads FNV's weak high bits. Not a secret and not collision-proof: it deals out traffic, nothing else.
///
/// | rollout | user | hash | bucket |
/// | --- | --- | --- | --- |
/// | `kimi` | `alice` | `e05760a66ee39e0d` | 8763 |
/// | `kimi` | `bob` | `95f2bdaaa5c31d1e` | 5857 |
/// | `kimi` | `user-12345` | `7e1a2d93a084ee67` | 4925 |
/// | `kimi` | `Zoë 🚀` | `10c275e570d305c0` | 654 |
/// | `kimi` | (empty) | `8a0d4e73d380cfdd` | 5392 |
/// | `canary` | `alice` | `5098b5f5322c066b` | 3148 |
public enum RolloutBucket {
  /// How many buckets there are: hundredths of a percent.
  public static let count = 10_000

  /// The hash of a user in a rollout, all 64 bits.
  public static func hash(rollout: String, user: String) -> UInt64 {
    hash(salt: salt(rollout), user: user)
  }

  /// The bucket of a user in a rollout, 0 to 9,999.
  public static func of(rollout: String, user: String) -> Int {
    of(hash(rollout: rollout, user: user))
  }

  /// The bucket of any 64 evenly spread bits, for requests without a user.
  public static func of(_ bits: UInt64) -> Int {
    Int(bits.multipliedFullWidth(by: UInt64(count)).high)
  }

  /// FNV-1a's state after the rollout's name and the separator, the same for all users.
  static func salt(_ rollout: String) -> UInt64 {
    fnv1a(0, from: fnv1a(rollout.utf8, from: 0xcbf2_9ce4_8422_2325))
  }

  static func hash(salt: UInt64, user: String) -> UInt64 {
    fmix64(fnv1a(user.utf8, from: salt))
  }

  private static func fnv1a(_ bytes: String.UTF8View, from state: UInt64) -> UInt64 {
    var state = state
    for byte in bytes { state = fnv1a(byte, from: state) }
    return state
  }

  private static func fnv1a(_ byte: UInt8, from state: UInt64) -> UInt64 {
    (state ^ UInt64(byte)) &* 0x100_0000_01b3
  }

  private static func fmix64(_ input: UInt64) -> UInt64 {
    var bits = input
    bits ^= bits &>> 33
    bits &*= 0xff51_afd7_ed55_8ccd
    bits ^= bits &>> 33
    bits &*= 0xc4ce_b9fe_1a85_ec53
    return bits ^ (bits &>> 33)
  }
}
