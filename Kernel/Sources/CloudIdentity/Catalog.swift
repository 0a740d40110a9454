import CloudCore
import CloudStore
import CloudWire

/// One service of the catalogue with its endpoints, as it is kept.
struct CatalogEntry: Sendable {
    struct Place: Sendable {
        var id: String
        var interface: String
        var region: String?
        var url: String
    }
    var id: String
    var type: String
    var name: String
    var places: [Place]

    /// All that are enabled, in the order in which they were made.
    static func all(_ reader: any Reader) throws(CloudError) -> [CatalogEntry] {
        var places: [ID<ServiceEntry>: [Place]] = [:]
        for it in try reader.list(Endpoint.self, .everything(Endpoint.kind)) where it.enabled {
            places[it.service, default: []].append(
                Place(id: it.id.text, interface: it.interface.rawValue, region: it.region?.text, url: it.url))
        }
        var out: [CatalogEntry] = []
        for it in try reader.list(ServiceEntry.self, .everything(ServiceEntry.kind)) where it.enabled {
            out.append(CatalogEntry(id: it.id.text, type: it.type, name: it.value.name, places: places[it.id] ?? []))
        }
        return out
    }

    /// As a token carries it. An address that needs a project is left out of a token that is for none.
    func json(_ base: String, _ project: String?) -> JSON {
        let endpoints = places.compactMap { place -> JSON? in
            var url = place.url.hasPrefix("/") ? base + place.url : place.url
            // Most have none, and to search for text takes longer than all the rest of an answer.
            for placeholder in Endpoint.placeholders
            where url.utf8.contains(UInt8(ascii: "(")) && url.contains(placeholder) {
                guard let project else { return nil }
                url = url.replacing(placeholder, with: project)
            }
            let region: JSON = place.region.map(JSON.string) ?? .null
            return [
                "id": .string(place.id), "interface": .string(place.interface), "region": region, "region_id": region,
                "url": .string(url),
            ]
        }
        return ["id": .string(id), "type": .string(type), "name": .string(name), "endpoints": .array(endpoints)]
    }
}

/// What the catalogue begins with, and the version documents by which clients find their way.
enum Catalog {
    /// Enters Akashi's own services where they are missing.
    static func found(_ region: String, _ writer: any Writer) throws(CloudError) {
        if try writer.find(ID<Region>(region)) == nil { try writer.insert(Region(), id: ID(region)) }
        for service in Service.catalog where try writer.find(ID<ServiceEntry>(service.name)) == nil {
            var entry = ServiceEntry()
            (entry.name, entry.type) = (service.name, service.type)
            try writer.insert(entry, id: ID(service.name))
            var endpoint = Endpoint()
            (endpoint.service, endpoint.region) = (ID(service.name), ID(region))
            endpoint.url = service.prefix + service.catalogPath.replacing("{project_id}", with: "$(project_id)s")
            try writer.insert(endpoint, id: ID(service.name + "-public"))
        }
    }

    static func isFounded(_ reader: any Reader) throws(CloudError) -> Bool {
        for service in Service.catalog where try reader.find(ID<ServiceEntry>(service.name)) == nil { return false }
        return true
    }

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
