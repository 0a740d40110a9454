/// Memory: 2^20 bytes.
public struct Mebibytes: Hashable, Comparable, Sendable {
    public let count: Int
    public init(_ count: Int) { self.count = count }
    public static func < (a: Self, b: Self) -> Bool { a.count < b.count }
}

/// Disk: 2^30 bytes.
public struct Gibibytes: Hashable, Comparable, Sendable {
    public let count: Int
    public init(_ count: Int) { self.count = count }
    public var bytes: Int { count << 30 }
    public static func < (a: Self, b: Self) -> Bool { a.count < b.count }
}
