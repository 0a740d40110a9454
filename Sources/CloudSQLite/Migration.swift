/// A step from one form of the tables to the next. Written from the fields by `akashi schema`, reviewed, committed,
/// and from then on never changed.
public struct Migration: Sendable {
    public let name: String
    public let sql: String
    public init(name: String, sql: String) { (self.name, self.sql) = (name, sql) }

    /// In the order in which they apply.
    public static let all = [
        foundation, networkDetails, sight, vpn, isolation, edge, connections, gateways, sharing, volumes, targets,
    ]
}
