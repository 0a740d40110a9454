extension Instant {
    /// Reads `2026-11-23T02:53:42Z` (RFC 3339), with or without a fraction and the final `Z`; nil for anything else.
    public init?(text: String) {
        let body = text.hasSuffix("Z") ? text.dropLast() : text[...]
        let halves = body.split(separator: "T", omittingEmptySubsequences: false)
        guard halves.count == 2, text.utf8.count <= 32 else { return nil }
        let date = halves[0].split(separator: "-", omittingEmptySubsequences: false).compactMap { Self.digits($0) }
        let clock = halves[1].split(separator: ".", omittingEmptySubsequences: false)
        let time = clock[0].split(separator: ":", omittingEmptySubsequences: false).compactMap { Self.digits($0) }
        guard date.count == 3, time.count == 3, clock.count <= 2, (1970...9999).contains(date[0]),
            (1...12).contains(date[1]),
            (1...31).contains(date[2]), time[0] < 24, time[1] < 60, time[2] < 61
        else { return nil }
        var part: Int64 = 0
        if clock.count == 2 {
            guard clock[1].utf8.count <= 6, let digits = Self.digits(clock[1]) else { return nil }
            part = (0..<(6 - clock[1].utf8.count)).reduce(digits) { (sum, _) in sum * 10 }
        }
        let seconds = Self.days(date[0], date[1], date[2]) * 86_400 + time[0] * 3600 + time[1] * 60 + time[2]
        self.init(microseconds: seconds * 1_000_000 + part)
    }

    private static func digits(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.count <= 6, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(text)
    }

    /// Days from 1970 to a date of the proleptic Gregorian calendar, in 400-year eras that begin in March.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, ofEra) = (shifted / 400, shifted % 400)
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }
}
