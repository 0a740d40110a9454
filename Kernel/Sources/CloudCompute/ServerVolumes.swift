import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// Volumes that a server has (Nova's `os-volume_attachments`).
extension Compute {
    private var volumesPath: String { itemPath + "/os-volume_attachments" }

    var volumeRoutes: [Route] { [listVolumes, showVolume, attachVolume, detachVolume] }

    private func disks(_ call: Call) async throws(CloudError) -> [ServerDisk] {
        let id = ID<Server>(call.parameter("server_id"))
        return try await call.store.read { (reader) throws(CloudError) in
            _ = try reader.get(id, for: call.caller)
            return try shelf.disks(of: Reference(id), in: reader)
        }
    }

    /// 2.70 added tags, 2.79 what goes with the server, 2.89 ids of the attachment in place of the volume's.
    private static func describe(_ it: ServerDisk, _ call: Call) -> JSON {
        var out: [String: JSON] = [
            "serverId": .string(call.parameter("server_id")), "volumeId": .string(it.volume),
            "device": .string(it.device), "id": .string(it.volume),
        ]
        if call.microversion >= 70 { out["tag"] = .null }
        return .object(out)
    }

    private static let noVolume = CloudError(.missing, "The server has no such volume.")

    private var listVolumes: Route {
        Route(
            .get, .compute, volumesPath, action: "list_volumes", kind: Server.kind, rule: .role(.reader),
            "Lists a server's volumes."
        ) { (call) throws(CloudError) in
            .json(200, ["volumeAttachments": .array(try await disks(call).map { Self.describe($0, call) })])
        }
    }

    private var showVolume: Route {
        Route(
            .get, .compute, volumesPath + "/{attached_volume}", action: "show_volume", kind: Server.kind,
            rule: .role(.reader),
            "Shows one of a server's volumes."
        ) { (call) throws(CloudError) in
            guard let it = try await disks(call).first(where: { $0.volume == call.parameter("attached_volume") }) else {
                throw Self.noVolume
            }
            return .json(200, ["volumeAttachment": Self.describe(it, call)])
        }
    }

    private var attachVolume: Route {
        Route(
            .post, .compute, volumesPath, action: "attach_volume", kind: Server.kind, rule: .role(.member),
            intake: .json(), "Gives a server a volume.", example: ["volumeAttachment": ["volumeId": "{volume}"]]
        ) { (call) throws(CloudError) in
            let wanted = try call.object("volumeAttachment")
            for name in wanted.keys.sorted() where !["volumeId", "device", "tag"].contains(name) {
                throw .invalid(
                    "Additional properties are not allowed ('\(name.prefix(64))' was unexpected)", field: name)
            }
            guard let volume = wanted["volumeId"]?.string else {
                throw .invalid("volumeId must be the id of a volume.", field: "volumeId")
            }
            let device = wanted["device"]?.string
            let id = ID<Server>(call.parameter("server_id"))
            return try await call.write(id.text) { (writer) throws(CloudError) in
                var it = try writer.own(id, for: call.caller)
                let project = it.project
                var disk: ServerDisk?
                try it.replug("attach_volume", .disks, for: call.caller, call.dice, in: writer) {
                    (_) throws(CloudError) in
                    disk = try shelf.attach(
                        volume, to: Reference(id), of: project, device: device, goesWithServer: false,
                        caller: call.caller, dice: call.dice, in: writer)
                }
                guard let disk else { throw Self.noVolume }
                return .json(200, ["volumeAttachment": Self.describe(disk, call)])
            }
        }
    }

    private var detachVolume: Route {
        Route(
            .delete, .compute, volumesPath + "/{attached_volume}", action: "detach_volume", kind: Server.kind,
            rule: .role(.member), status: 202, "Takes a volume from a server."
        ) { (call) throws(CloudError) in
            let (id, volume) = (ID<Server>(call.parameter("server_id")), call.parameter("attached_volume"))
            try await call.write(id.text) { (writer) throws(CloudError) in
                var it = try writer.own(id, for: call.caller)
                try it.replug("detach_volume", .disks, for: call.caller, call.dice, in: writer) {
                    (_) throws(CloudError) in try shelf.detach(volume, from: Reference(id), in: writer)
                }
            }
            return Response(202)
        }
    }
}

extension Signal {
    /// Its volumes are to be others.
    static let disks = Signal(rawValue: "disks")
}

extension Server {
    /// Gives the guest the volumes that it is to have, and writes with the commit which it has.
    ///
    /// - Parameter isThere: whether there is a process; without, what is wished for is so.
    static func ensureVolumes(_ turn: inout Turn<Server>, isThere: Bool, in world: World) async throws(CloudError) {
        let (it, server) = (turn.it, Reference(turn.it.id))
        let all = try await turn.store.read { (reader) throws(CloudError) in
            try world.shelf.disks(of: server, in: reader)
        }
        let staying = all.filter { !$0.isLeaving }
        if isThere, !all.isEmpty {
            let open = try await world.shelf.open(staying, uid: it.uid, in: turn.store)
            try await world.hypervisor.ensureDisks(open, of: it.id, on: HostName(it.host))
        }
        guard all.contains(where: { $0.isLeaving || !$0.isThere }) else { return }
        try await world.shelf.close(all.filter(\.isLeaving), in: turn.store)
        turn.also { (writer) throws(CloudError) in
            try world.shelf.attached(staying, in: writer)
            try world.shelf.detached(all.filter(\.isLeaving), in: writer)
        }
    }

    /// The same when its owner asked for it; what cannot be done now is tried again at its next start.
    static func revolume(_ turn: inout Turn<Server>, _ state: GuestState, in world: World) async throws(CloudError) {
        turn.signals.remove(.disks)
        do throws(CloudError) {
            try await ensureVolumes(&turn, isThere: state == .running || state == .paused, in: world)
        } catch {
            // The guest does not let a disk go, or has no slot.
            guard error.code == .conflict else { throw error }
            return finish(&turn, "Error")
        }
        finish(&turn, "Success")
    }
}
