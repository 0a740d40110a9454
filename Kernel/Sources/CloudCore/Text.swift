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
}
