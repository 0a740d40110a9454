/// The one error that crosses modules. A dialect renders it as Keystone, Nova, Neutron, Glance or ECL would.
public struct CloudError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong, as a caller's program needs to know it.
    public enum Code: String, CaseIterable, Sendable {
        /// The request is malformed or out of bounds (400).
        case invalid
        /// Nobody is known to have sent it (401).
        case unauthenticated
        /// The caller may not (403).
        case forbidden
        /// It does not exist, or is not the caller's to see (404).
        case missing
        /// The path exists, but not with this method (405).
        case badMethod
        /// The version of the API that was asked for is not offered (406).
        case notAcceptable
        /// It contradicts what is there: a name taken, a thing in use, a wrong state (409).
        case conflict
        /// A precondition (`If-Match`) does not hold (412).
        case stale
        /// The body is larger than the bound (413).
        case tooLarge
        /// The body's type is not one this call takes (415).
        case badType
        /// More than the project's quota (403 or 413, by dialect).
        case overQuota
        /// Too many requests (429).
        case tooMany
        /// A fault of ours (500).
        case fault
        /// An engine beneath is away; trying again may help (503).
        case unavailable
        /// A step took longer than its deadline (504).
        case timeout
    }

    public let code: Code
    /// What the tenant reads. Never names a host, a path or another tenant.
    public let message: String
    /// What only the operator reads.
    public let detail: String?
    /// The attribute that was refused, if one was.
    public let field: String?
    /// The name that clients of one dialect look for, where the code's own is too coarse for them.
    public let name: String?

    public init(_ code: Code, _ message: String, detail: String? = nil, field: String? = nil, name: String? = nil) {
        (self.code, self.message, self.detail, self.field, self.name) = (code, message, detail, field, name)
    }

    public static func invalid(_ message: String, field: String? = nil) -> Self {
        Self(.invalid, message, field: field)
    }
    public static func missing(_ noun: String, _ id: String) -> Self {
        Self(.missing, "\(noun) \(id) could not be found.")
    }
    public static func conflict(_ message: String) -> Self { Self(.conflict, message) }
    /// A fault of ours: the tenant learns only that; the operator reads why.
    public static func fault(_ detail: String) -> Self {
        Self(.fault, "An internal error occurred. Quote the request id to the operator.", detail: detail)
    }
    public static func unavailable(_ part: String, _ detail: String) -> Self {
        Self(.unavailable, "The \(part) is not available at the moment.", detail: detail)
    }

    /// Whether the same call may succeed later without anyone changing anything.
    public var isTransient: Bool {
        switch code {
        case .unavailable, .timeout, .fault, .tooMany: true
        default: false
        }
    }

    public var description: String { "\(code.rawValue): \(message)" + (detail.map { " (\($0))" } ?? "") }
}
