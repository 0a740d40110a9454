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

    /// Whether a sign stands in it, also where a combining mark follows: a Character of the two would equal neither.
    public func holds(_ sign: Unicode.Scalar) -> Bool { unicodeScalars.contains(sign) }
}
