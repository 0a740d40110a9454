extension String {
    /// This text with every occurrence of another replaced.
    public func replacing(_ old: String, with new: String) -> String {
        var out = ""
        var rest = self[...]
        while let range = rest.firstRange(of: old) {
            out += rest[..<range.lowerBound] + new
            rest = rest[range.upperBound...]
        }
        return out + rest
    }

    /// Whether it is of `a` to `z`, `0` to `9` and `-` alone: safe in names, paths, matches and configuration.
    public var isPlain: Bool {
        utf8.allSatisfy { $0 == 0x2d || (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) }
    }

    /// Whether a sign stands in it, also where a combining mark follows: a Character of the two would equal neither.
    public func holds(_ sign: Unicode.Scalar) -> Bool { unicodeScalars.contains(sign) }
}
