import CloudCore

/// The microversions of a service that has them: which minor version a request means, from its headers.
public struct Microversion: Sendable {
    /// What the header calls the service.
    let name: String
    let major: Int
    /// Those that are served; the first is meant where a request names none.
    let minors: ClosedRange<Int>
    /// The header of before there was one for all services; it names none.
    let older: String?

    /// Nova's: 2.1 to 2.73.
    public static let compute = Microversion(
        name: "compute", major: 2, minors: 1...73, older: "x-openstack-nova-api-version")
    /// Cinder's: 3.0 to 3.40.
    public static let volume = Microversion(name: "volume", major: 3, minors: 0...40, older: nil)

    /// The service's; nil where it has none.
    static func of(_ service: Service) -> Microversion? {
        switch service {
        case .compute: compute
        case .volume: volume
        default: nil
        }
    }

    /// `2.73`
    public var newest: String { "\(major).\(minors.upperBound)" }
    /// `2.1`
    public var oldest: String { "\(major).\(minors.lowerBound)" }

    /// The oldest where none is named; `notAcceptable` for one that is not offered, `invalid` for what is no version.
    func requested(_ request: Request) throws(CloudError) -> Int {
        guard let text = text(request) else { return minors.lowerBound }
        if text == "latest" { return minors.upperBound }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, Int(parts[0]) != nil, let minor = Int(parts[1]), minor >= 0 else {
            throw .invalid("'\(text.prefix(64))' is no version of the API.")
        }
        guard parts[0] == String(major), minors.contains(minor) else {
            throw CloudError(
                .notAcceptable,
                "Version \(text.prefix(64)) is not supported by the API: \(oldest) to \(newest) are.")
        }
        return minor
    }

    /// What an answer says of the version it was made in.
    func headers(_ request: Request) -> [(name: String, value: String)] {
        let minor = (try? requested(request)) ?? minors.lowerBound
        var headers = [("openstack-api-version", "\(name) \(major).\(minor)"), ("vary", "OpenStack-API-Version")]
        if let older {
            headers[1].1 += ", X-OpenStack-Nova-API-Version"
            headers.append((older, "\(major).\(minor)"))
        }
        return headers
    }

    /// The newer header names a service, the older one does not.
    private func text(_ request: Request) -> String? {
        for part in (request.headers["openstack-api-version"] ?? "").split(separator: ",") {
            let words = part.split(separator: " ")
            if words.count == 2, words[0] == name { return String(words[1]) }
        }
        return older.flatMap { request.headers[$0] }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
