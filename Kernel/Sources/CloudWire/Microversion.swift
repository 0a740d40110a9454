import CloudCore

/// Nova's microversions: which minor version of 2 a request means, from its headers.
public enum Microversion {
    /// The newest that is served: 2.73.
    public static let newest = 73

    /// 1 where none is named; `notAcceptable` for one that is not offered, `invalid` for what is no version.
    static func requested(_ request: Request) throws(CloudError) -> Int {
        guard let text = text(request) else { return 1 }
        if text == "latest" { return newest }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "2" || Int(parts[0]) != nil, let minor = Int(parts[1]), minor >= 0 else {
            throw .invalid("'\(text.prefix(64))' is no version of the API.")
        }
        guard parts[0] == "2", (1...newest).contains(minor) else {
            throw CloudError(
                .notAcceptable, "Version \(text.prefix(64)) is not supported by the API: 2.1 to 2.\(newest) are.")
        }
        return minor
    }

    /// What an answer says of the version it was made in.
    static func headers(_ request: Request) -> [(name: String, value: String)] {
        let minor = (try? requested(request)) ?? 1
        return [
            ("openstack-api-version", "compute 2.\(minor)"), ("x-openstack-nova-api-version", "2.\(minor)"),
            ("vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version"),
        ]
    }

    /// The newer header names a service, the older one does not.
    private static func text(_ request: Request) -> String? {
        for part in (request.headers["openstack-api-version"] ?? "").split(separator: ",") {
            let words = part.split(separator: " ")
            if words.count == 2, words[0] == "compute" { return String(words[1]) }
        }
        return request.headers["x-openstack-nova-api-version"].flatMap { $0.isEmpty ? nil : $0 }
    }
}
