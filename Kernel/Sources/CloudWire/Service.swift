import CloudCore

/// A service of the catalogue: where it lives and in which dialect it reports errors.
public struct Service: Hashable, Sendable {
    /// As the audit log and the routes' names say it.
    public let name: String
    /// The catalogue's type.
    public let type: String
    /// The path prefix that all its routes have.
    public let prefix: String
    public let dialect: Dialect
    /// What follows the prefix in the catalogue's URL; `{project_id}` stands for the token's project.
    public let catalogPath: String

    public static let identity = Service(
        name: "identity", type: "identity", prefix: "/identity", dialect: .keystone, catalogPath: "/v3")
    public static let image = Service(
        name: "image", type: "image", prefix: "/image", dialect: .glance, catalogPath: "")
    public static let compute = Service(
        name: "compute", type: "compute", prefix: "/compute", dialect: .nova, catalogPath: "/v2.1/{project_id}")
    /// Block storage, as OpenStack's clients know it (Cinder v3).
    public static let volume = Service(
        name: "volume", type: "volumev3", prefix: "/volume", dialect: .nova, catalogPath: "/v3/{project_id}")
    /// The same for clients that know version 2 alone, which is served as version 3 is.
    public static let volume2 = Service(
        name: "volume2", type: "volumev2", prefix: "/volume", dialect: .nova, catalogPath: "/v3/{project_id}")
    /// Block storage over iSCSI, as ECL's own clients know it.
    public static let storage = Service(
        name: "storage", type: "storage", prefix: "/storage", dialect: .ecl, catalogPath: "/v1.0/{project_id}")
    public static let network = Service(
        name: "network", type: "network", prefix: "/network", dialect: .neutron, catalogPath: "")
    /// The identity service as ECL's own clients know it: users, and tenants in workspaces.
    public static let sss = Service(name: "sss", type: "sssv2", prefix: "/sss/v2", dialect: .keystone, catalogPath: "")
    /// Networks that tenants open to each other (ECL's provider connectivity).
    public static let connectivity = Service(
        name: "provider-connectivity", type: "provider-connectivity", prefix: "/provider-connectivity", dialect: .ecl,
        catalogPath: "")
    /// What is Akashi's own: audit, health, documentation. Not in the catalogue.
    public static let akashi = Service(
        name: "akashi", type: "akashi", prefix: "", dialect: .keystone, catalogPath: "")

    /// Those that the catalogue lists.
    public static let catalog = [identity, image, compute, network, volume, volume2, storage, sss, connectivity]

    /// Whether a project in a path is what a call is about, rather than whose things it is about.
    var isAboutProjects: Bool { self == .identity || self == .sss }
}

/// How a family of APIs spells an error.
public enum Dialect: String, Sendable {
    case keystone, nova, neutron, glance
    /// What ECL's clients look for in services that OpenStack does not have.
    case ecl

    /// The HTTP status of an error.
    public func status(_ code: CloudError.Code) -> Int {
        switch code {
        case .invalid: 400
        case .unauthenticated: 401
        case .forbidden: 403
        case .missing: 404
        case .badMethod: 405
        case .notAcceptable: 406
        case .conflict: 409
        case .stale: 412
        case .tooLarge: 413
        case .badType: 415
        case .overQuota: self == .neutron ? 409 : self == .glance ? 413 : 403
        case .tooMany: 429
        case .fault: 500
        case .unavailable: 503
        case .timeout: 504
        }
    }

    /// The error's body: what the dialect's official clients look for, and nothing that only the operator may read.
    public func body(_ error: CloudError) -> JSON {
        let status = status(error.code)
        switch self {
        case .keystone, .glance:
            return [
                "error": ["code": .integer(status), "message": .string(error.message), "title": .string(title(status))]
            ]
        case .nova:
            return [novaKey(error.code): ["code": .integer(status), "message": .string(error.message)]]
        case .neutron:
            // Neutron's clients read the first key, ECL's the second.
            return [
                "NeutronError": [
                    "type": .string(error.name ?? neutronType(error.code)), "message": .string(error.message),
                    "detail": "",
                ],
                "error": .string(error.message),
            ]
        case .ecl:
            // The storage commands read the last of these, all others the second.
            let message = JSON.string(error.message)
            return ["code": .integer(status), "cause": message, "message": message, "api_error_message": message]
        }
    }

    private func title(_ status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 409: "Conflict"
        case 412: "Precondition Failed"
        case 413: "Request Entity Too Large"
        case 415: "Unsupported Media Type"
        case 429: "Too Many Requests"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Internal Server Error"
        }
    }

    private func novaKey(_ code: CloudError.Code) -> String {
        switch code {
        case .invalid, .badType: "badRequest"
        case .unauthenticated: "unauthorized"
        case .forbidden, .overQuota: "forbidden"
        case .missing: "itemNotFound"
        case .badMethod: "badMethod"
        case .conflict, .stale: "conflictingRequest"
        case .tooLarge, .tooMany: "overLimit"
        case .unavailable, .timeout: "serviceUnavailable"
        case .fault, .notAcceptable: "computeFault"
        }
    }

    private func neutronType(_ code: CloudError.Code) -> String {
        switch code {
        case .invalid: "BadRequest"
        case .missing: "NotFound"
        case .conflict: "Conflict"
        case .overQuota: "OverQuota"
        case .forbidden: "PolicyNotAuthorized"
        default: "NeutronException"
        }
    }
}
