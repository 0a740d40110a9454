import CloudCore
import CloudStore
import CloudWire

/// What `POST /servers` asks for, read and checked as far as the body alone can tell.
struct ServerOrder: Sendable {
    var draft = Server()
    var count = 1
    /// Nil where the caller leaves the network to us.
    var wishes: [InterfaceWish]?

    init(_ call: Call) throws(CloudError) {
        let body = try call.object("server")
        draft.name = try Self.text(body, "name", 1...255)
        draft.description = try Self.text(body, "description", 0...255)
        draft.flavor = ID(try Self.text(body, "flavorRef", 1...64))
        draft.image = try Self.image(body)
        draft.zone = try Self.text(body, "availability_zone", 0...64)
        draft.keyName = try Self.text(body, "key_name", 0...255)
        draft.userData = try Self.text(body, "user_data", 0...65_535)
        guard Base64.decode(draft.userData.utf8) != nil else {
            throw .invalid("user_data must be base64.", field: "user_data")
        }
        if let metadata = body["metadata"], !metadata.isNull {
            try Server.fields.first { $0.name == "metadata" }!.set(&draft, metadata)
        }
        draft.userID = call.caller.user?.text ?? ""
        count = try Self.count(body)
        wishes = try Self.wishes(body["networks"])
        for group in body["security_groups"]?.array ?? [] where group["name"] != "default" {
            throw .invalid(
                "Security group \(group["name"]?.string?.prefix(64) ?? "") could not be found.",
                field: "security_groups")
        }
    }

    private static func text(_ body: [String: JSON], _ name: String, _ length: ClosedRange<Int>) throws(CloudError)
        -> String
    {
        let value = body[name].flatMap { $0.isNull ? nil : $0 } ?? ""
        try FieldType.text(max: length.upperBound, lines: name == "user_data").check(value, name: name)
        guard value.string!.utf8.count >= length.lowerBound else { throw .invalid("\(name) is required.", field: name) }
        return value.string!
    }

    /// The image, named outright or as the one local disk to boot from.
    private static func image(_ body: [String: JSON]) throws(CloudError) -> String {
        let disks = (body["block_device_mapping_v2"]?.array ?? []) + (body["block_device_mapping"]?.array ?? [])
        let named = try text(body, "imageRef", 0...64)
        guard !disks.isEmpty else {
            guard !named.isEmpty else { throw .invalid("An imageRef is required.", field: "imageRef") }
            return named
        }
        guard disks.count == 1, disks[0]["source_type"] == "image", disks[0]["destination_type"] == "local",
            let image = disks[0]["uuid"]?.string, named.isEmpty || named == image
        else {
            throw .invalid(
                "A server boots from an image's own disk; volumes are not offered here.",
                field: "block_device_mapping_v2")
        }
        return image
    }

    private static func count(_ body: [String: JSON]) throws(CloudError) -> Int {
        let (least, most) = (
            body["min_count"]?.integer ?? 1, body["max_count"]?.integer ?? body["min_count"]?.integer ?? 1
        )
        guard least >= 1, most >= least, most <= 20 else {
            throw .invalid("min_count is at least 1, max_count not less, and at most 20.", field: "max_count")
        }
        return most
    }

    private static func wishes(_ networks: JSON?) throws(CloudError) -> [InterfaceWish]? {
        guard let networks, !networks.isNull, networks != "auto" else { return nil }
        if networks == "none" { return [] }
        guard let list = networks.array, list.count <= 8 else {
            throw .invalid("networks must be a list of at most 8.", field: "networks")
        }
        var out: [InterfaceWish] = []
        for item in list {
            let address = item["fixed_ip"]?.string ?? ""
            guard address.isEmpty || IPv4(address) != nil else {
                throw .invalid("'\(address.prefix(64))' is not an IPv4 address.", field: "fixed_ip")
            }
            let (network, port) = (item["uuid"]?.string, item["port"]?.string)
            guard network != nil || port != nil else {
                throw .invalid("A network needs a uuid or a port.", field: "networks")
            }
            out.append(InterfaceWish(network: network, port: port, address: IPv4(address)))
        }
        guard out.count < 2 || Set(out.compactMap(\.port)).count == out.compactMap(\.port).count else {
            throw .invalid("A port stands twice.", field: "networks")
        }
        return out.isEmpty ? nil : out
    }
}

extension ServerOrder {
    /// Creates one of the servers, with its ports, in the caller's transaction.
    func place(
        _ id: ID<Server>, number: Int, call: Call, compute: Compute, in writer: any Writer
    ) throws(CloudError) -> Stored<Server> {
        var server = draft
        if count > 1 { server.name += "-\(number)" }
        guard let flavor = try writer.find(draft.flavor), flavor.isPublic || call.caller.isOperator else {
            throw .invalid("Flavor \(draft.flavor) could not be found.", field: "flavorRef")
        }
        (server.vcpus, server.memory) = (flavor.vcpus, flavor.ram)
        let image = try compute.images.bootable(draft.image, for: call.caller, in: writer)
        server.imageFormat = image.format
        let needed = max(image.minDisk, (image.virtualSize + (1 << 30) - 1) >> 30)
        guard flavor.disk == 0 || flavor.disk >= needed else {
            throw .invalid("The flavor's disk is \(flavor.disk) GiB and the image needs \(needed).", field: "flavorRef")
        }
        guard flavor.ram >= image.minRAM else {
            throw .invalid(
                "The flavor's memory is \(flavor.ram) MiB and the image needs \(image.minRAM).", field: "flavorRef")
        }
        server.disk = flavor.disk == 0 ? needed : flavor.disk
        if !draft.keyName.isEmpty {
            guard let key = try writer.find(Keypair.id(call.caller, draft.keyName)) else {
                throw .invalid("Key pair '\(draft.keyName)' could not be found.", field: "key_name")
            }
            server.publicKey = key.publicKey
        }
        if !server.zone.isEmpty, try writer.first(Host.self, where: "zone", .string(server.zone)) == nil {
            throw .invalid("The availability zone '\(server.zone)' could not be found.", field: "availability_zone")
        }
        let stored = try writer.create(server, id: id, project: call.project, for: call.caller)
        try compute.cabling.order(
            wishes ?? [], anyNetwork: wishes == nil, for: Reference(id), owner: "compute:" + server.zone,
            caller: call.caller, dice: call.dice, in: writer)
        return stored
    }
}
