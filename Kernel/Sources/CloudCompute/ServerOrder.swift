import CloudCore
import CloudStore
import CloudWire

/// What `POST /servers` asks for, read and checked as far as the body alone can tell.
struct ServerOrder: Sendable {
    var draft = Server()
    var count = 1
    /// Nil where the caller leaves the network to us.
    var wishes: [InterfaceWish]?
    /// The names or ids of the security groups for ports that are made; the default one where it is empty.
    var groups: [String] = []

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
        if call.microversion >= 37, body["networks"] == nil {
            throw .invalid("networks is required.", field: "networks")
        }
        try extras(body, call)
    }

    /// What came to Nova's orders one after the other.
    private mutating func extras(_ body: [String: JSON], _ call: Call) throws(CloudError) {
        try draft.metadata.checkMetadata()
        try draft.describe(body)
        draft.adminPass = try Self.text(body, "adminPass", 0...255)
        if draft.adminPass.isEmpty { draft.adminPass = String(call.dice.hex32().prefix(16)) }
        if let files = body["personality"], files != [] {
            throw .invalid("Files are not put into servers: use user_data.", field: "personality")
        }
        if body["return_reservation_id"]?.bool ?? false {
            throw .invalid("Reservation ids are not offered.", field: "return_reservation_id")
        }
        for group in body["security_groups"]?.array ?? [] {
            guard let name = group["name"]?.string, !name.isEmpty, name.utf8.count <= 255 else {
                throw .invalid("A security group is named by its name or id.", field: "security_groups")
            }
            if !groups.contains(name) { groups.append(name) }
        }
        if call.microversion >= 52, let tags = body["tags"] { draft.tags = try Server.tags(tags) }
        let hints = (call.body["os:scheduler_hints"] ?? call.body["OS-SCH-HNT:scheduler_hints"])?.object ?? [:]
        draft.serverGroup = try Self.text(hints, "group", 0...64)
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
        func number(_ name: String) throws(CloudError) -> Int? {
            guard let json = body[name], !json.isNull else { return nil }
            guard let number = json.integer ?? json.string.flatMap({ Int($0) }) else {
                throw .invalid("\(name) must be a whole number.", field: name)
            }
            return number
        }
        let least = try number("min_count") ?? 1
        let most = try number("max_count") ?? least
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
            guard address.isEmpty || IPAddress(address) != nil else {
                throw .invalid("'\(address.prefix(64))' is not an IP address.", field: "fixed_ip")
            }
            let (network, port) = (item["uuid"]?.string, item["port"]?.string)
            guard network != nil || port != nil else {
                throw .invalid("A network needs a uuid or a port.", field: "networks")
            }
            out.append(InterfaceWish(network: network, port: port, address: IPAddress(address)))
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
        guard let flavor = try writer.find(draft.flavor), flavor.value.isOpen(to: call.caller) else {
            throw .invalid("Flavor \(draft.flavor) could not be found.", field: "flavorRef")
        }
        (server.vcpus, server.memory) = (flavor.vcpus, flavor.ram)
        let allowance = try QuotaSet.of(call.project, in: writer)
        if number == 1 {
            // All of the order, before the first of it.
            try allowance.require(servers: count, vcpus: flavor.vcpus, memory: flavor.ram, in: writer)
            try allowance.requireMetadata(server.metadata.count)
        }
        if !server.serverGroup.isEmpty {
            guard let group = try writer.find(ID<ServerGroup>(server.serverGroup)), group.project == call.project else {
                throw .invalid("Server group \(server.serverGroup) could not be found.", field: "group")
            }
            let members = try writer.count(Query(Server.kind, limit: .max).with("server_group", .string(group.id.text)))
            let most = allowance.quota.limit(.serverGroupMembers)
            guard most < 0 || members < most else {
                throw CloudError(.overQuota, "Quota exceeded for server_group_members: \(most) at most in one group.")
            }
        }
        server.disk = try server.begin(as: draft.image, flavor.value, compute, call.caller, in: writer)
        try server.takeKey(of: call.caller, in: writer)
        if !server.zone.isEmpty, try writer.first(Host.self, where: "zone", .string(server.zone)) == nil {
            throw .invalid("The availability zone '\(server.zone)' could not be found.", field: "availability_zone")
        }
        let stored = try writer.create(server, id: id, project: call.project, for: call.caller)
        try InstanceAction.begin("create", stored, call, in: writer)
        do throws(CloudError) {
            try compute.cabling.order(
                wishes ?? [], anyNetwork: wishes == nil, groups: groups, for: Reference(id),
                name: stored.hostName, owner: "compute:" + server.zone, caller: call.caller, dice: call.dice, in: writer
            )
        } catch  where error.code == .missing {
            // What an order names and is not there is a mistake in the order.
            throw .invalid(error.message, field: "networks")
        }
        return stored
    }
}

extension Server {
    /// Takes an image as what its disk begins as; returns the GiB that the disk has. `invalid` where it does not fit.
    mutating func begin(
        as imageID: String, _ flavor: Flavor, _ compute: Compute, _ caller: Caller, in reader: any Reader
    ) throws(CloudError) -> Int {
        let it = try compute.images.bootable(imageID, for: caller, in: reader)
        (image, imageFormat) = (imageID, it.format)
        let needed = max(it.minDisk, (it.virtualSize + (1 << 30) - 1) >> 30)
        guard flavor.disk == 0 || flavor.disk >= needed else {
            throw .invalid("The flavor's disk is \(flavor.disk) GiB and the image needs \(needed).", field: "flavorRef")
        }
        guard flavor.ram >= it.minRAM else {
            throw .invalid(
                "The flavor's memory is \(flavor.ram) MiB and the image needs \(it.minRAM).", field: "flavorRef")
        }
        return flavor.disk == 0 ? needed : flavor.disk
    }

    /// Takes a copy of the keypair that it names.
    mutating func takeKey(of caller: Caller, in reader: any Reader) throws(CloudError) {
        let key = keyName.isEmpty ? Keypair() : try Keypair.named(keyName, of: caller, in: reader)
        (publicKey, keyType) = (key.publicKey, key.type)
    }

    /// Takes what an owner may say of a server when ordering, changing and rebuilding it.
    mutating func describe(_ body: [String: JSON]) throws(CloudError) {
        if let address = body["accessIPv4"] {
            guard let text = address.string, text.isEmpty || IPv4(text) != nil else {
                throw .invalid("accessIPv4 is not an IPv4 address.", field: "accessIPv4")
            }
            accessIPv4 = text
        }
        if let address = body["accessIPv6"] {
            guard let text = address.string, let canonical = text.isEmpty ? "" : IPv6(text)?.description else {
                throw .invalid("accessIPv6 is not an IPv6 address.", field: "accessIPv6")
            }
            accessIPv6 = canonical
        }
        try configureDisk(body)
    }

    /// Takes what an owner says of its disk, which servers also say when they are resized.
    mutating func configureDisk(_ body: [String: JSON]) throws(CloudError) {
        if let config = body["OS-DCF:diskConfig"] {
            guard let known = config.string.flatMap(DiskConfig.init(rawValue:)) else {
                throw .invalid("OS-DCF:diskConfig must be AUTO or MANUAL.", field: "OS-DCF:diskConfig")
            }
            diskConfig = known
        }
    }

    /// At most 50 labels of at most 60 characters, without `/` and `,`.
    static func tags(_ json: JSON) throws(CloudError) -> [String] {
        var tags: [String] = []
        for tag in try [String](json: json) where !tags.contains(tag) {
            guard !tag.isEmpty, tag.count <= 60, !tag.holds("/"), !tag.holds(",") else {
                throw .invalid("A tag has 1 to 60 characters, and neither / nor ,.", field: "tags")
            }
            tags.append(tag)
        }
        guard tags.count <= 50 else { throw .invalid("A server has at most 50 tags.", field: "tags") }
        return tags
    }
}

extension [String: String] {
    /// Names of 1 to 255 characters and values of at most 255.
    func checkMetadata() throws(CloudError) {
        for (name, value) in self {
            guard !name.isEmpty, name.count <= 255, value.count <= 255 else {
                throw .invalid(
                    "Metadata has names of 1 to 255 characters and values of at most 255.", field: "metadata")
            }
            // As a Linux file name may be: it becomes one in some images.
            guard name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
                throw .invalid("A metadata name has no control characters.")
            }
        }
    }
}
