import CloudCore
import CloudStore
import CloudWire

/// What can be done to a server besides changing and deleting it.
enum ServerAction: Sendable {
    case start, stop, pause, unpause, suspend, resume
    case rebootSoft, rebootHard
    case resize(ID<Flavor>, [String: JSON]), confirmResize, revertResize
    case rebuild([String: JSON])
    case createImage(name: String, metadata: [String: String])
    case lock(reason: String), unlock

    /// By Nova's names; nil for those it does not know.
    init?(_ name: String, _ argument: JSON) throws(CloudError) {
        switch name {
        case "os-start": self = .start
        case "os-stop": self = .stop
        case "pause": self = .pause
        case "unpause": self = .unpause
        case "suspend": self = .suspend
        case "resume": self = .resume
        case "reboot":
            switch argument["type"]?.string?.uppercased() {
            case "SOFT": self = .rebootSoft
            case "HARD": self = .rebootHard
            default: throw .invalid("The type of a reboot is SOFT or HARD.", field: "type")
            }
        case "resize":
            guard let flavor = argument["flavorRef"]?.string, !flavor.isEmpty, flavor.utf8.count <= 64 else {
                throw .invalid("A flavorRef is required.", field: "flavorRef")
            }
            self = .resize(ID(flavor), argument.object ?? [:])
        case "confirmResize": self = .confirmResize
        case "revertResize": self = .revertResize
        case "rebuild":
            guard let body = argument.object else { throw .invalid("rebuild takes an object.", field: "rebuild") }
            self = .rebuild(body)
        case "createImage":
            guard let name = argument["name"]?.string, !name.isEmpty else {
                throw .invalid("An image has a name.", field: "name")
            }
            try FieldType.text(max: 255, lines: false).check(.string(name), name: "name")
            let metadata = argument["metadata"].flatMap { $0.isNull ? nil : $0 } ?? [:]
            let properties = try [String: String](json: metadata)
            try properties.checkMetadata()
            self = .createImage(name: name, metadata: properties)
        case "lock":
            let reason = argument["locked_reason"] ?? ""
            try FieldType.text(max: 255, lines: false).check(reason, name: "locked_reason")
            self = .lock(reason: reason.string ?? "")
        case "unlock": self = .unlock
        default: return nil
        }
    }

    /// As the audit log calls it.
    var name: String {
        switch self {
        case .start: "start"
        case .stop: "stop"
        case .pause: "pause"
        case .unpause: "unpause"
        case .suspend: "suspend"
        case .resume: "resume"
        case .rebootSoft: "reboot_soft"
        case .rebootHard: "reboot_hard"
        case .resize: "resize"
        case .confirmResize: "confirm_resize"
        case .revertResize: "revert_resize"
        case .rebuild: "rebuild"
        case .createImage: "create_image"
        case .lock: "lock"
        case .unlock: "unlock"
        }
    }

    /// As the list of instance actions calls it.
    private var novaName: String {
        switch self {
        case .rebootSoft, .rebootHard: "reboot"
        case .confirmResize: "confirmResize"
        case .revertResize: "revertResize"
        case .createImage: "createImage"
        default: name
        }
    }

    /// The states in which it makes sense; nil for all.
    private var from: [Server.Status]? {
        switch self {
        case .start: [.shutoff]
        case .stop: [.active, .error]
        case .pause, .rebootSoft, .suspend: [.active]
        case .unpause: [.paused]
        case .resume: [.suspended]
        case .rebootHard: [.active, .shutoff, .paused, .error, .reboot]
        case .resize: [.active, .shutoff]
        case .confirmResize, .revertResize: [.verifyResize]
        case .rebuild: [.active, .shutoff, .error]
        case .createImage: [.active, .shutoff, .paused, .suspended]
        case .lock, .unlock: nil
        }
    }

    /// Whether something that is under way already stands in its way.
    private var needsRest: Bool {
        switch self {
        case .resize, .rebuild, .createImage, .suspend: true
        default: false
        }
    }

    /// Does it in the transaction; the engine does the rest.
    func apply(
        to it: inout Stored<Server>, _ call: Call, _ compute: Compute, in writer: any Writer
    ) throws(CloudError) {
        if let from, !from.contains(it.status) {
            throw .conflict(
                "Cannot '\(novaName)' instance \(it.id) while it is in vm_state \(Server.vmState(it)) (\(it.status.rawValue))."
            )
        }
        if needsRest, let task = Server.taskState(it) {
            throw .conflict("Cannot '\(novaName)' instance \(it.id) while it is in task_state \(task).")
        }
        if case .unlock = self {} else if case .lock = self {} else { try it.requireUnlocked(for: call.caller) }
        var signal: Signal?
        switch self {
        case .start: (it.power, signal) = (.on, .start)
        case .unpause, .resume: it.power = .on
        case .stop: it.power = .off
        case .pause: it.power = .paused
        case .suspend:
            guard try compute.shelf.disks(of: Reference(it.id), in: writer).isEmpty else {
                throw .conflict("Cannot 'suspend' instance \(it.id) while it has volumes: they would sleep with it.")
            }
            it.power = .suspended
        case .rebootSoft: (it.power, it.status, signal) = (.on, .reboot, .rebootSoft)
        case .rebootHard: (it.power, it.status, signal) = (.on, .reboot, .rebootHard)
        case .resize(let flavor, let body):
            try resize(&it, to: flavor, call, compute, in: writer)
            try it.value.configureDisk(body)
        case .confirmResize:
            (it.value.previous, it.value.status) = (nil, it.power == .on && !it.isHalted ? .active : .shutoff)
        case .revertResize: revert(&it)
        case .rebuild(let body): try rebuild(&it, body, call, compute, in: writer)
        case .createImage(let name, let metadata): try reserve(&it, name, metadata, call, compute, in: writer)
        case .lock(let reason): (it.isLocked, it.lockReason) = (true, call.microversion >= 73 ? reason : "")
        case .unlock: (it.isLocked, it.lockReason) = (false, "")
        }
        try InstanceAction.begin(novaName, it, call, in: writer)
        if case .confirmResize = self { try InstanceAction.finish(it.id, "Success", in: writer) }
        if case .lock = self { try InstanceAction.finish(it.id, "Success", in: writer) }
        if case .unlock = self { try InstanceAction.finish(it.id, "Success", in: writer) }
        try writer.change(&it)
        if let signal { try writer.raise(signal, Reference(it.id)) }
    }

    private func resize(
        _ it: inout Stored<Server>, to id: ID<Flavor>, _ call: Call, _ compute: Compute, in writer: any Writer
    ) throws(CloudError) {
        guard let flavor = try writer.find(id), flavor.value.isOpen(to: call.caller) else {
            throw .invalid("Flavor \(id) could not be found.", field: "flavorRef")
        }
        guard id != it.flavor else { throw .invalid("The server has this flavor already.", field: "flavorRef") }
        guard flavor.disk == 0 || flavor.disk >= it.disk else {
            throw .invalid(
                "The flavor's disk is \(flavor.disk) GiB and the server's \(it.disk): a disk never shrinks.",
                field: "flavorRef")
        }
        let allowance = try QuotaSet.of(it.project, in: writer)
        try allowance.require(.cores, flavor.vcpus - it.vcpus, in: writer)
        try allowance.require(.ram, flavor.ram - it.memory, in: writer)
        it.value.previous = Server.Size(it.value)
        (it.flavor, it.vcpus, it.memory, it.status) = (id, flavor.vcpus, flavor.ram, .resize)
        it.disk = max(it.disk, flavor.disk)
        // It stays where its disk is, and has what it had.
        let had = it.value.previous
        var here = try Placement.candidates(for: it, in: writer).first { $0.host.id.text == it.host }
        here?.vcpus -= had?.vcpus ?? 0
        here?.memory -= had?.memory ?? 0
        guard here?.room(for: it.value) != nil else {
            throw .invalid("No valid host was found. There is no room for the server in this size.", field: "flavorRef")
        }
    }

    private func revert(_ it: inout Stored<Server>) {
        if let old = it.previous { (it.flavor, it.vcpus, it.memory) = (old.flavor, old.vcpus, old.memory) }
        (it.previous, it.status) = (nil, .revertResize)
    }

    private func rebuild(
        _ it: inout Stored<Server>, _ body: [String: JSON], _ call: Call, _ compute: Compute, in writer: any Writer
    ) throws(CloudError) {
        guard let image = body["imageRef"]?.string else {
            throw .invalid("An imageRef is required.", field: "imageRef")
        }
        guard !it.host.isEmpty else { throw .conflict("Server \(it.id) has never been placed.") }
        if let files = body["personality"], files != [] {
            throw .invalid("Files are not put into servers.", field: "personality")
        }
        var flavor = try writer.find(it.flavor)?.value ?? Flavor()
        (flavor.ram, flavor.disk) = (it.memory, it.disk)
        if image != it.image || image.isEmpty {
            _ = try it.value.begin(as: image, flavor, compute, call.caller, in: writer)
        }
        try it.value.rename(body)
        try it.value.describe(body)
        if let metadata = body["metadata"], !metadata.isNull {
            try it.value.replaceMetadata(metadata, in: writer, project: it.project)
        }
        if let pass = body["adminPass"] {
            try Server.fields.first { $0.name == "admin_pass" }!.set(&it.value, pass)
        } else {
            it.adminPass = String(call.dice.hex32().prefix(16))
        }
        if call.microversion >= 54, let key = body["key_name"] {
            it.keyName = key.string ?? ""
            try it.value.takeKey(of: call.caller, in: writer)
        }
        if call.microversion >= 57, let data = body["user_data"] {
            guard let text = data.isNull ? "" : data.string, Base64.decode(text.utf8) != nil else {
                throw .invalid("user_data must be base64.", field: "user_data")
            }
            try Server.fields.first { $0.name == "user_data" }!.set(&it.value, .string(text))
        }
        // One that was shut off stays so.
        if it.status != .shutoff { (it.power, it.isHalted) = (.on, false) }
        it.value.generation += 1
        it.status = .rebuild
        it.value.launchedAt = nil
    }

    private func reserve(
        _ it: inout Stored<Server>, _ name: String, _ metadata: [String: String], _ call: Call, _ compute: Compute,
        in writer: any Writer
    ) throws(CloudError) {
        var properties = metadata
        properties["image_type"] = properties["image_type"] ?? "snapshot"
        properties["instance_uuid"] = it.id.text
        properties["base_image_ref"] = it.image
        let origin = try? compute.images.bootable(it.image, for: call.caller, in: writer)
        it.snapshot = try compute.images.reserve(
            name, properties: properties, minDisk: try writer.find(it.flavor)?.value.disk ?? it.disk,
            minRAM: origin?.minRAM ?? 0,
            caller: call.caller, dice: call.dice, in: writer)
    }
}

extension Compute {
    /// The one path by which a server is acted on, whatever the action: Nova's form.
    var action: Route {
        Route(
            .post, .compute, itemPath + "/action", action: "act", kind: Server.kind, rule: .role(.member),
            intake: .json(), status: 202,
            "Starts, stops, pauses, suspends, resizes, rebuilds, locks or reboots a server, makes an image of it, changes its security groups, or reads its console.",
            example: ["os-getConsoleOutput": [:]]
        ) { (call) throws(CloudError) in
            guard let acts = call.body.object, acts.count == 1, let (name, argument) = acts.first else {
                throw .invalid("The body must hold exactly one action.")
            }
            let id = ID<Server>(call.parameter("server_id"))
            switch name {
            case "os-getConsoleOutput": return try await consoleOutput(call, argument)
            case "os-getVNCConsole": return try await console(call, argument)
            case "forceDelete":
                try await call.write(id.text) { (writer) throws(CloudError) in try remove(id, call, in: writer) }
                return Response(202)
            case "addSecurityGroup", "removeSecurityGroup":
                try await regroup(id, name, argument, call)
                return Response(202)
            default: break
            }
            guard let act = try ServerAction(name, argument) else {
                throw .invalid("There is no such action: '\(name.prefix(64))'.")
            }
            let it = try await call.write(id.text) { (writer) throws(CloudError) in
                writer.record?.action = act.name
                var it = try writer.own(id, for: call.caller)
                try act.apply(to: &it, call, self, in: writer)
                return it
            }
            return try await answer(act, it, call)
        }
    }

    private func regroup(
        _ id: ID<Server>, _ name: String, _ argument: JSON, _ call: Call
    ) async throws(CloudError) {
        guard let group = argument["name"]?.string, !group.isEmpty, group.utf8.count <= 255 else {
            throw .invalid("A security group is named by its name or id.", field: "name")
        }
        try await call.write(id.text) { (writer) throws(CloudError) in
            writer.record?.action = name == "addSecurityGroup" ? "add_security_group" : "remove_security_group"
            let it = try writer.own(id, for: call.caller)
            try it.requireUnlocked(for: call.caller)
            do throws(CloudError) {
                if name == "addSecurityGroup" {
                    try cabling.join(group, Reference(id), for: call.caller, in: writer)
                } else {
                    try cabling.leave(group, Reference(id), for: call.caller, in: writer)
                }
            } catch  where error.code == .invalid {
                throw CloudError(.missing, error.message)
            }
        }
    }

    private func answer(_ act: ServerAction, _ it: Stored<Server>, _ call: Call) async throws(CloudError) -> Response {
        switch act {
        case .confirmResize: return Response(204)
        case .createImage:
            if call.microversion >= 45 { return .json(202, ["image_id": .string(it.snapshot)]) }
            return Response(202, headers: [("location", "\(base)/image/v2/images/\(it.snapshot)")])
        case .rebuild:
            return try await call.store.read { (reader) throws(CloudError) in
                var response = try Response.write(202) { (out) throws(CloudError) in
                    out.key("server")
                    try out.object { (out) throws(CloudError) in
                        try write(
                            it, reader, serverFace, call, into: &out, only: Self.summary.subtracting(["addresses"]))
                        out.field(
                            "addresses",
                            Server.addresses(
                                try cabling.interfaces(of: Reference(it.id), in: reader), isDetailed: false))
                        out.field("adminPass", .string(it.adminPass))
                        if call.microversion >= 54 {
                            out.field("key_name", it.keyName.isEmpty ? .null : .string(it.keyName))
                        }
                        if call.microversion >= 57 {
                            out.field("user_data", it.userData.isEmpty ? .null : .string(it.userData))
                        }
                        if call.microversion >= 71 {
                            out.field("server_groups", it.serverGroup.isEmpty ? [] : [.string(it.serverGroup)])
                        }
                    }
                }
                response.headers.append(("location", "\(base)/compute/v2.1/\(it.project)/servers/\(it.id)"))
                return response
            }
        default: return Response(202)
        }
    }

    private func consoleOutput(_ call: Call, _ argument: JSON) async throws(CloudError) -> Response {
        let id = ID<Server>(call.parameter("server_id"))
        var lines: Int?
        if let wanted = argument["length"], !wanted.isNull, wanted != -1 {
            lines = wanted.integer ?? wanted.string.flatMap(Int.init)
            guard let lines, lines >= 0 else { throw .invalid("length must be a whole number.", field: "length") }
        }
        let it = try await call.store.read { (reader) throws(CloudError) in try reader.get(id, for: call.caller) }
        guard !it.host.isEmpty else { throw .conflict("Server \(id) has no host yet.") }
        let bytes = try await hypervisor.consoleLog(of: id, lines: lines, on: ID(it.host))
        // What a guest wrote is its owner's: whoever reads it is written down.
        var record = call.record(id.text)
        record.action = "read_console"
        try await call.store.write(record) { (_) throws(CloudError) in }
        // A guest may write anything; what is not text is left out.
        let text = String(decoding: bytes, as: UTF8.self).unicodeScalars.filter {
            $0.value >= 0x20 || $0 == "\n" || $0 == "\t" || $0 == "\r"
        }
        return .json(200, ["output": .string(String(String.UnicodeScalarView(text)))])
    }
}
