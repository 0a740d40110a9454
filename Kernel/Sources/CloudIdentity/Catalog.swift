import CloudCore
import CloudStore
import CloudWire

/// The list of services that a token carries, and the version documents by which clients find their way.
enum Catalog {
    static func json(_ call: Call, _ project: ProjectID?, region: String = defaultRegion) -> JSON {
        .array(
            Service.catalog.map { service in
                let path = fill(service.catalogPath, project?.text ?? "")
                let endpoint: JSON = [
                    "id": .string(service.name + "-public"), "interface": "public", "region": .string(region),
                    "region_id": .string(region), "url": .string(call.base + service.prefix + path),
                ]
                return [
                    "id": .string(service.name), "type": .string(service.type), "name": .string(service.name),
                    "endpoints": [endpoint],
                ]
            })
    }

    /// The project stands at the end of a path, if anywhere. Searching for it took a tenth of the time of a whole
    /// validation.
    private static func fill(_ path: String, _ project: String) -> String {
        let place = "{project_id}"
        return path.hasSuffix(place) ? path.dropLast(place.utf8.count) + project : path
    }

    /// The region of a cloud that was given no other name.
    static let defaultRegion = "jp1"

    static let routes = [
        Route(.get, .identity, "/v3", action: "show", rule: .anyone, "Identity's version.") {
            (call) throws(CloudError) in .json(200, ["version": version(call)])
        },
        Route(.get, .identity, "", action: "show", rule: .anyone, status: 300, "Identity's versions.") {
            (call) throws(CloudError) in .json(300, ["versions": ["values": [version(call)]]])
        },
        Route(.get, .akashi, "", action: "show", rule: .anyone, status: 300, "Identity's versions, and where all is.") {
            (call) throws(CloudError) in
            .json(
                300,
                [
                    "versions": ["values": [version(call)]],
                    "services": .array(
                        Service.catalog.map {
                            ["type": .string($0.type), "href": .string(call.base + $0.prefix)]
                        }),
                    "openapi": .string(call.base + "/openapi.json"),
                ])
        },
    ]

    private static func version(_ call: Call) -> JSON {
        [
            "id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
            "links": [["rel": "self", "href": .string(call.base + "/identity/v3/")]],
            "media-types": [["base": "application/json", "type": "application/vnd.openstack.identity-v3+json"]],
        ]
    }
}
