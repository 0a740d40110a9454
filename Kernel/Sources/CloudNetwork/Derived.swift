import CloudCore

/// Ids that follow from something else, where there is no dice and the same must come out twice.
enum Derived {
    /// An id in a UUID's form (version 8, RFC 9562) that follows from a text (FNV-1a, 64 bits, twice).
    static func id<R>(_ text: String) -> ID<R> {
        func hash(_ seed: UInt64) -> UInt64 {
            text.utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
        let high = (hash(0xcbf2_9ce4_8422_2325) & 0xffff_ffff_ffff_0fff) | 0x8000
        let low = (hash(0x8422_2325_cbf2_9ce4) & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000
        let digits = Hex.string(high) + Hex.string(low)
        var out = ""
        for (place, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(place) { out.append("-") }
            out.append(digit)
        }
        return ID(out)
    }
}
