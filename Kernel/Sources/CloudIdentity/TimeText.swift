import CloudCore

extension Instant {
    /// Reads `2030-01-31T12:00:00`, with a fraction of up to six digits or not, with `Z` or not (RFC 3339, in UTC).
    init?(rfc3339 text: String) {
        var rest = text.hasSuffix("Z") ? text.dropLast() : text[...]
        var fraction: Int64 = 0
        if let point = rest.firstIndex(of: ".") {
            let digits = rest[rest.index(after: point)...]
            guard (1...6).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
                let number = Int64(digits + String(repeating: "0", count: 6 - digits.utf8.count))
            else { return nil }
            (fraction, rest) = (number, rest[..<point])
        }
        let shape = Array("0000-00-00T00:00:00".utf8)
        let bytes = Array(rest.utf8)
        guard bytes.count == shape.count else { return nil }
        for (byte, wanted) in zip(bytes, shape) {
            guard wanted == 48 ? (48...57).contains(byte) : byte == wanted else { return nil }
        }
        func number(_ from: Int, _ to: Int) -> Int64 { bytes[from..<to].reduce(0) { $0 * 10 + Int64($1) - 48 } }
        let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10))
        let (hour, minute, second) = (number(11, 13), number(14, 16), number(17, 19))
        guard year >= 1970, (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        // Days since 1970, counted in years that begin in March.
        let shifted = month > 2 ? year : year - 1
        let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + ofYear - 719_468
        self.init(microseconds: (days * 86_400 + hour * 3600 + minute * 60 + second) * 1_000_000 + fraction)
        // A day that the month does not have would have come out as another.
        guard self.text().hasPrefix(String(decoding: bytes.prefix(10), as: UTF8.self)) else { return nil }
    }
}
